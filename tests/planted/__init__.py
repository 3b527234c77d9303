"""Bugs to plant, one at a time, and what finds them: `python -m tests.planted`."""
