"""Two folders with the same requests: where their answers differ, and what they did.

- `comparison`: runs both, with the help of `target`, `side`, `replay` and `browser`.
- `visiting`: makes requests by following the links and forms of an app.
- `world`: what happens beside the requests, such as a restart.
- `lines`: answers and effects as lines of text.
- `noise`: which lines differ, and which of these differences are noise.
- `accepted`: the differences that somebody has accepted.
- `reports`: what was found, for people and for programs.
"""
