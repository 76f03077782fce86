"""Lints the prose of all Markdown pages, or of those named: `python -m tests.prose [PAGE...]`."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.prose.linter import ROOT, SETTINGS, Linter

_LIST = ("git", "ls-files", "--cached", "--others", "--exclude-standard", "*.md")


def main(names: list[str]) -> int:
    """Print each problem as `page:line: what, write instead`, and return the exit code."""
    linter = Linter()
    pages = names or subprocess.run(_LIST, cwd=ROOT, check=True, capture_output=True, text=True).stdout.splitlines()
    lines = [
        f"{page}:{problem.line}: {problem.message}"
        for page in pages
        if (path := ROOT / page).is_file()
        for problem in linter.problems(path.read_text(), str(Path(page)))
    ]
    if not names:
        unused = (each["text"] for each in linter.unused_exceptions)
        lines += [f'{SETTINGS.relative_to(ROOT)}: no page needs the exception "{text}": delete it' for text in unused]
    print("\n".join(lines), end="\n" if lines else "")
    return 1 if lines else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
