"""python -m bench.soak_server FILE DIR: everything that listens, in one process, until its input ends.

Prints where it listens, as JSON, once all of it answers.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from datastore_emulator.startup import prepare_process


def main() -> None:
    """Serve the store and the app in DIR."""
    prepare_process()  # before gRPC is imported
    from datastore_emulator.api.grpc_server import DatastoreServer
    from localcloud import Cloud

    data, directory = sys.argv[1:]
    with Cloud(data=data, log=lambda name, line: print(f"{name}: {line}", file=sys.stderr)) as cloud:
        app = cloud.add(Path(directory))
        cloud.start()
        rest = DatastoreServer(cloud.datastore.backend, rest=True)
        rest.start()
        places = {
            "front end": app.url.removeprefix("http://").replace("localhost", "127.0.0.1"),
            "API server": f"127.0.0.1:{cloud.api_server.port}",
            "Datastore gRPC": cloud.datastore.address,
            "Datastore REST": rest.address,
        }
        print(json.dumps(places), flush=True)
        sys.stdin.read()
        rest.stop()


if __name__ == "__main__":
    main()
