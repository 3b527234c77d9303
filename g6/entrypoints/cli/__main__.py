"""Lets the supervisor start a command in the interpreter it runs in: `python -m g6.entrypoints.cli serve`."""

import sys

from g6.entrypoints.cli import main

if __name__ == "__main__":
    sys.exit(main())
