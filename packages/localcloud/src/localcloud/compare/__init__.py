"""Two folders with the same requests: where their answers differ, and what they did.

- `observation`: an answer and its effects as lines of text.
- `result`: differences, noise, and the report of a comparison.
- `terminal`, `html`, `junit`: the report for a person, for a browser and for a CI system; `wording` has its sentences.
- `progress`: what is being done, while it is done.
"""
