"""`make deploy`: the gcloud command that deploys a folder, printed or run. It only calls gcloud."""

from __future__ import annotations

import argparse
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

from localcloud.errors import LocalCloudError
from localcloud.launch import read_plan
from localcloud.launch.plan import LaunchPlan, Platform

# The newest base image that the samples are written for.
_BASE_IMAGE = "python314"
# What the local cloud knows of a server here is not what an app has there.
_PLACEHOLDER = "10.0.0.3"


def commands(directory: Path, plan: LaunchPlan, project: str, region: str) -> list[list[str]]:
    """Return the gcloud commands that deploy the folder; LocalCloudError if the platform takes it no longer."""
    if plan.platform is Platform.APP_ENGINE_PYTHON27:
        raise LocalCloudError(
            f"{directory}: App Engine has taken no python27 app since 31 January 2026; deploy a Python 3 side: SIDE=..."
        )
    if plan.environment.get("REDIS_HOST") == _PLACEHOLDER:
        raise LocalCloudError(
            f"{directory}/app.yaml: REDIS_HOST is still {_PLACEHOLDER}; put your instance's address and connector there"
        )
    if plan.platform is Platform.APP_ENGINE:
        return [["gcloud", "app", "deploy", str(directory / "app.yaml"), f"--project={project}"]]
    target = [f"--project={project}", f"--region={region}", "--allow-unauthenticated"]
    deploy = ["gcloud", "run", "deploy", "visitme", f"--source={directory}", *target]
    if plan.platform is Platform.FUNCTIONS:
        deploy += [f"--function={plan.function}", f"--base-image={_BASE_IMAGE}"]
    return [deploy]


def main() -> int:
    """Print the commands, and unless it is a dry run, run them."""
    parser = argparse.ArgumentParser(prog="make deploy", description=__doc__)
    parser.add_argument("directory", type=Path)
    parser.add_argument("--project", required=True)
    parser.add_argument("--region", required=True)
    parser.add_argument("--function", default="visitme")
    parser.add_argument("--dry-run", action="store_true")
    options = parser.parse_args()
    try:
        if not options.project:
            raise LocalCloudError("expected PROJECT=PROJECT_ID, found none")
        with tempfile.TemporaryDirectory() as staging:
            plan = read_plan(options.directory, function=options.function, staging=Path(staging))
        todo = commands(options.directory, plan, options.project, options.region)
    except LocalCloudError as error:
        print(f"deploy: {error}", file=sys.stderr)
        return 1
    for command in todo:
        print(shlex.join(command), flush=True)
        if not options.dry_run and (code := subprocess.run(command, check=False).returncode):
            return code
    return 0


if __name__ == "__main__":
    sys.exit(main())
