"""Lets the supervisor start a command in its own interpreter, as `python -m g6.entrypoints.cli`."""

import sys

from g6.entrypoints.cli import main

if __name__ == "__main__":
    sys.exit(main())
