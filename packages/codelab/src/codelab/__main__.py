"""The `codelab` command, also as `python -m codelab`."""

import sys

from datastore_emulator.startup import prepare_process


def main() -> int:
    """Run the command."""
    prepare_process()  # before gRPC and Google's libraries are imported
    from codelab import cli

    return cli.main()


if __name__ == "__main__":
    sys.exit(main())
