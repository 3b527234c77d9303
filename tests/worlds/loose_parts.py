"""`python -m tests.worlds.loose_parts DIRECTORY COUNT`: a past day of so many cycles, each in a file of its own."""

from __future__ import annotations

import sys
from pathlib import Path

from g6.adapters.parquet.parquet_store import ParquetStore
from g6.domain.cycles.cycle import Unit, isoformat_z, parse_z
from tests.conftest import make_chain

OPEN = parse_z("2026-11-18T03:45:00Z").timestamp()


def main() -> None:
    """Write the day."""
    store = ParquetStore(Path(sys.argv[1]))
    for minute in range(int(sys.argv[2])):
        cycle = isoformat_z(OPEN + 60 * minute)
        store.write_chain(Unit(cycle, "NIFTY"), make_chain(cycle, strikes=61, seed=minute))


if __name__ == "__main__":
    main()
