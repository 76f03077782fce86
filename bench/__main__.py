"""python -m bench [datastores] [modules]: measure, and write docs/bench.md with its plot."""

from __future__ import annotations

import argparse
import json
import signal
import sys
from pathlib import Path

from bench import plot, report
from datastore_emulator.startup import prepare_process

DOCS = Path(__file__).parents[1] / "docs"
RESULTS = DOCS / "bench.json"


def main() -> None:
    """Run the benchmarks that the command line names, and write their results."""
    prepare_process()
    for number in (signal.SIGINT, signal.SIGTERM):
        # A signal must also end the processes that this started.
        signal.signal(number, lambda *_: sys.exit(1))
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("parts", nargs="*", help="datastores or modules (default: both)")
    parser.add_argument("--million", action="store_true", help="go on to 1,000,000 visits (ours alone)")
    parser.add_argument("--no-google", action="store_true", help="leave Google's emulators out")
    options = parser.parse_args()
    parts = options.parts or ["datastores", "modules"]
    results = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    if "datastores" in parts:
        from bench import datastores

        sizes = [1_000, 10_000, 100_000] + [1_000_000] * options.million
        results["datastores"] = datastores.measure(sizes, google=not options.no_google)
    if "modules" in parts:
        from bench import modules

        results["modules"] = modules.measure()
    RESULTS.write_text(json.dumps(results, indent=1) + "\n")
    (DOCS / "bench.md").write_text(report.page(results))
    if "datastores" in results:
        plot.draw(results["datastores"], DOCS / "bench.svg")


if __name__ == "__main__":
    main()
