"""Writes tests/data/schemas/v<N>: one small file of each kind as schema version N has it. Run once per version, before it changes.

python -m tests.data.make_schemas
"""

from datetime import date
from pathlib import Path

import numpy as np

from g6.adapters.parquet import ParquetHistory, ParquetStore
from g6.domain.cycles.cycle import Unit
from g6.domain.market.instrument import Contracts, Listing
from g6.domain.schema.rows import SCHEMA_VERSION
from tests.conftest import make_chain

CYCLES = ("2026-11-19T04:05:00Z", "2026-11-20T04:05:00Z", "2026-11-20T04:06:00Z")


def main() -> None:
    directory = Path(__file__).parent / "schemas" / f"v{SCHEMA_VERSION}"
    store = ParquetStore(directory)
    for seed, cycle in enumerate(CYCLES):
        store.write_chain(Unit(cycle, "NIFTY"), make_chain(cycle, strikes=2, seed=seed))
        store.write_overview(
            cycle,
            [
                {
                    "timestamp": cycle,
                    "underlying": "NIFTY",
                    "spot": 26010.5,
                    "status": "OK",
                    "reason": "",
                }
            ],
        )
    contracts = Contracts(
        "NIFTY", np.array(["2026-11-24"], dtype="datetime64[D]"), np.array([26000.0]), np.array([65]), np.array([0.05]),
        np.array([["C"], ["P"]], dtype=object), np.array([[1], [2]]),
    )  # fmt: skip
    store.keep_listing(Listing("NIFTY", date(2026, 11, 20), contracts, ()), "NFO")
    for name in ("NIFTY", "overview"):
        ParquetHistory(directory).compact(name, date(2026, 11, 20))


if __name__ == "__main__":
    main()
