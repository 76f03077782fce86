"""The three pages about porting: each row of their tables is run.

- `tables`: reads rows and fences from a page.
- `pythons`: runs a program of `programs/` on Python 3 or on a real Python 2.7.
- `programs/`: what runs there. These files are read by both Pythons.
"""
