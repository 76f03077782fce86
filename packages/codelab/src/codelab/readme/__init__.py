"""Reads the course: its modules, their READMEs, and the folders that the READMEs' steps lead through.

- `course.py`: the modules of a course and their tracks, found by the names that people type.
- `model.py`: a codelab as data, with its tracks, steps, sections, fences and links.
- `sections.py`: the titles of the sections that every codelab has.
- `parser.py`: reads a README into a codelab, and names each line that breaks the grammar.
- `markdown.py`: fences, links, headings and anchors of any Markdown page.
- `trees.py`: a folder as a mapping from path to text, and the tree after each step's diffs.
"""

from codelab.readme.course import Course, TrackRef, find_course
from codelab.readme.model import Codelab, Fence, Page, Section, Step, Track
from codelab.readme.parser import read_codelab, read_page
from codelab.readme.trees import Tree, read_tree, step_trees, write_tree

__all__ = [
    "Codelab",
    "Course",
    "Fence",
    "Page",
    "Section",
    "Step",
    "Track",
    "TrackRef",
    "Tree",
    "find_course",
    "read_codelab",
    "read_page",
    "read_tree",
    "step_trees",
    "write_tree",
]
