"""`python -m datastore_emulator` is the `datastore-emulator` command."""

import sys

from datastore_emulator.cli import main

sys.exit(main())
