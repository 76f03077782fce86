"""The commands of the course, one module for each. They return data; `codelab.terminal` and `codelab.web` show it.

- for learners: `start`, `check`, `watch`, `show`, `hint`, `next`, `apply`, `reset`, `diff`, `list`
- for deployed apps: `deploy`, `probe` (`probe_result` explains what a probe saw)
- for authors: `export`

`current_step` finds the step to do now. Two commands are in rooms of their own: `codelab.web.server` (serve) and
`codelab.verify` (verify).
"""
