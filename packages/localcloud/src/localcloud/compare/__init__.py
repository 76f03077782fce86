"""Two folders with the same requests: where their answers differ, and what they did.

- `observation`: an answer and its effects as lines of text.
- `result`: differences, noise, and the report of a comparison.
"""
