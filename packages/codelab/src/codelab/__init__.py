"""The tool of the course: it reads codelabs, helps learners to follow them, and proves that they are right.

The rooms, lowest first:

- `readme`: a codelab's README and its START and FINISH folders as data
- `compare`: runs two folders beside each other and compares their output
- `check`: finds which steps a learner's copy has done
- `commands`: what a learner or an author does, one module for each command; each returns data
- `verify`: proves that every README leads from START to FINISH
- `web`: the learner's page

Beside them: `workspace` (the learner's copies in work/), `text_diff`, `errors`, `terminal` (prints what the commands
return) and `cli` (the `codelab` command).
"""
