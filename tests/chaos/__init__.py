"""Faults against real processes, each ended by the ledger check: `make chaos`, or `python -m tests.chaos --list`."""
