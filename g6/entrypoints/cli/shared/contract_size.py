"""What one contract is worth: its units, its notional at the index, and the most units one order may have."""

from __future__ import annotations

from datetime import date
from math import isfinite
from pathlib import Path
from typing import TypedDict

from g6.errors import BadInput

LAKH = 1e5


class ContractSize(TypedDict):
    """Units of a contract, what they are worth in rupees, and the freeze quantity with the day of the file that has it."""

    lot_size: int
    notional: float | None
    freeze_quantity: int | None
    freeze_from: str | None


def contract_size(
    directory: Path, root: str, lot: int, price: float | None, day: date
) -> ContractSize:
    """Return the size of a contract of `root`; `price` is the index in points, None or NaN where nobody knows it."""
    from g6.adapters.exchange_files import freeze_quantity

    try:
        freeze = freeze_quantity(directory, root, day)
        told = freeze[1].isoformat() if freeze else None
    except BadInput as error:
        freeze, told = None, error.sentence
    worth = lot * price if lot > 0 and price is not None and isfinite(price) else None
    return ContractSize(
        lot_size=lot,
        notional=worth,
        freeze_quantity=freeze[0] if freeze else None,
        freeze_from=told,
    )


def size_words(size: ContractSize) -> str:
    """Return a contract's size in words, such as `lot 65 (15.9 lakh), freeze 1,800 units = 27 lots by the file of 2026-11-02`."""
    lot, worth, freeze = size["lot_size"], size["notional"], size["freeze_quantity"]
    words = f"lot {lot}" if lot else "lot not known"
    if worth is not None:
        words += f" ({worth / LAKH:.1f} lakh)"
    if freeze is not None:
        lots = f" = {freeze // lot} lots" if lot else ""
        words += f", freeze {freeze:,} units{lots} by the file of {size['freeze_from']}"
    elif size["freeze_from"]:
        words += f", freeze not known: {size['freeze_from']}"
    return words
