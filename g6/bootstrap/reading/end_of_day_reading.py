"""The exchanges' end-of-day files as studies read them."""

from __future__ import annotations

from pathlib import Path

from g6.adapters.exchange.exchange_files import read_end_of_day
from g6.ports.readers import EndOfDayFile, FileLots


class EndOfDayFiles:
    """End-of-day files of NSE and BSE."""

    def read(self, path: Path) -> EndOfDayFile:
        """Return the lots of the index contracts in a file.

        Raises:
            BadInput: It is no end-of-day file of derivatives.
        """
        content = read_end_of_day(path)
        lots = [
            FileLots(path.name, day, root, expiry, lots.rows, lots.lots, lots.divisor)
            for (day, root, expiry), lots in sorted(content.contracts.items())
        ]
        return EndOfDayFile(tuple(lots), tuple(content.left_out))
