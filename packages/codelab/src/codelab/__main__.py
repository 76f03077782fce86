"""`python -m codelab`."""

import sys

from codelab.cli import main

if __name__ == "__main__":
    sys.exit(main())
