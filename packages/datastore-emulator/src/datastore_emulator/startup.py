"""Settings of a process that runs the Datastore, made before the libraries that read them are imported."""

from __future__ import annotations

import os
import warnings


def prepare_process() -> None:
    """Set what gRPC and Google's libraries read when they are imported; for a command, as its first act.

    A variable that is set already stays. The module imports neither gRPC nor Google's libraries, so that a command can
    call this in time.
    """
    # Google's clients warn about each Python that is past its end, as 3.10 is since October 2026. The user
    # would see the warning at each start and can do nothing about it here.
    warnings.filterwarnings("ignore", "You are using a (non-supported )?Python version", FutureWarning, r"google\.")
    # Since 1.80 a gRPC server in Python runs on gRPC's event engine (https://github.com/grpc/grpc/pull/41432). Without
    # it, an empty call took a seventh less with 1.85 in November 2026.
    os.environ.setdefault("GRPC_EXPERIMENTS", "-event_engine_listener")
