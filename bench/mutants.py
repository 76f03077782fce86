"""python -m bench.mutants [MODULE... | survivors | rest]: break the code in small ways, and count what tests notice.

mutmut changes one expression at a time and runs the tests that call its function. It finds code in `src` only, so this
makes the folder `.mutants` with the packages in that place. Without an argument it starts anew with all that
pyproject.toml selects. With a module, such as `datastore_emulator.query`, it runs the mutants of the module again; with
`survivors`, those that no test has noticed; with `rest`, those that an earlier run had no time for.

Prints a table of the rooms, and writes the mutants that no test noticed to `.mutants/survivors.txt`.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / ".mutants"
PACKAGES = {
    "datastore_emulator": ROOT / "packages" / "datastore-emulator" / "src" / "datastore_emulator",
    "codelab": ROOT / "packages" / "codelab" / "src" / "codelab",
}
# The tests read the course: its modules and its list of them.
DATA = ["mod*", "one-app", "tests", "course.yaml"]
MINUTES = 58
COLUMNS = ["killed", "survived", "timeout", "no tests", "not checked"]
# The columns of mutmut's other states.
OTHERS = {
    "segfault": "killed",
    "caught by type check": "killed",
    "suspicious": "survived",
    "skipped": "not checked",
    "check was interrupted by user": "not checked",
}


def main(selected: list[str]) -> int:
    """Run the mutants for an hour at most, print the table, and return 1 if mutmut failed."""
    if not selected:
        shutil.rmtree(FOLDER, ignore_errors=True)
    _copy()
    os.chdir(FOLDER)  # mutmut looks for its settings and its results in the current folder
    if selected == ["survivors"]:
        names = [name for _, name, state in _results() if state not in ("killed", "not checked")]
    elif selected == ["rest"]:
        names = []
    else:
        names = [f"{module}*" for module in selected]
    status = _run(names)
    _print_table()
    survivors = FOLDER / "survivors.txt"
    survivors.write_text("\n".join(_survivors()))
    print(f"The mutants that no test noticed: {survivors.relative_to(ROOT)}")
    return status


def _copy() -> None:
    """Make the folder that mutmut works in, and renew its copy of the tests."""
    (FOLDER / "src").mkdir(parents=True, exist_ok=True)
    for name, package in PACKAGES.items():
        link = FOLDER / "src" / name
        if not link.is_symlink():
            link.symlink_to(package)
    shutil.copy(ROOT / "pyproject.toml", FOLDER)
    copy = FOLDER / "mutants"
    shutil.rmtree(copy / "tests", ignore_errors=True)
    for pattern in DATA:
        for path in ROOT.glob(pattern):
            if path.is_dir():
                shutil.copytree(path, copy / path.name, dirs_exist_ok=True)
            else:
                shutil.copy(path, copy)


def _run(names: list[str]) -> int:
    """Run mutmut, and stop it when the time is over. It keeps each result at once."""
    mutmut = Path(sys.executable).with_name("mutmut")
    command = [mutmut, "run", "--max-children", os.environ.get("JOBS", "2"), *names]
    with subprocess.Popen(command) as run:
        try:
            return run.wait(MINUTES * 60)
        except subprocess.TimeoutExpired:
            run.terminate()
            run.wait()
            print(f"\nStopped after {MINUTES} minutes; `python -m bench.mutants rest` goes on")
            return 0


def _results() -> Iterator[tuple[Path, str, str]]:
    """Yield the file, the name and the state of each mutant."""
    from mutmut.__main__ import collect_source_file_mutation_data
    from mutmut.stats import status_by_exit_code

    for data, name, result in collect_source_file_mutation_data(mutant_names=())[0]:
        yield Path(data.path), name, status_by_exit_code[result]


def _print_table() -> None:
    rooms: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for _, name, state in _results():
        rooms[".".join(name.split(".")[:2])][OTHERS.get(state, state)] += 1
    print(f"{'':32}" + "".join(f"{column:>13}" for column in COLUMNS))
    for room, counts in sorted(rooms.items()):
        print(f"{room:32}" + "".join(f"{counts[column]:13}" for column in COLUMNS))


def _survivors() -> Iterator[str]:
    """Yield the difference that each survivor makes."""
    from mutmut.mutation.diff_apply import get_diff_for_mutant

    for path, name, state in _results():
        if state in ("survived", "timeout", "no tests"):
            yield f"# {name}: {state}\n{get_diff_for_mutant(name, path=path)}\n"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
