"""Proves that the codelabs are right, for their authors and for CI. The entry is `proof.verify`.

- `proof.py`: checks modules, prints each problem by file and line, and sums up.
- `text.py`: durations, sections, steps and FINISH, by the texts alone.
- `project_tree.py`: the tree of FINISH at the top of a codelab has its files, and says what they are for.
- `commands.py`: the commands in console fences exist. `gcloud.py` has those of gcloud, and records them.
- `links.py`: the links of a page lead somewhere.
- `running.py`: the app works after each step that says so.
"""
