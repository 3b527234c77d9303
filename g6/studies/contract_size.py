"""What one contract is: its units, its notional at the index, and the most units of one order."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from math import isfinite
from typing import TypedDict

from g6.errors import BadInput

FreezeQuantity = Callable[[str, date], tuple[int, date] | None]
"""Gives the most units of one order in a root's contracts on a day, and the day of the source."""


class ContractSize(TypedDict):
    """The size of one contract.

    Attributes:
        lot_size: Units of the underlying.
        notional: Rupees at the index, None where the index is not known.
        freeze_quantity: The most units of one order, None where no file says so.
        freeze_from: The day of that file, or why it cannot be read.
    """

    lot_size: int
    notional: float | None
    freeze_quantity: int | None
    freeze_from: str | None


def contract_size(
    freeze: FreezeQuantity, root: str, lot: int, price: float | None, day: date
) -> ContractSize:
    """Return the size of a contract.

    Args:
        freeze: Gives the most units of one order.
        root: The underlying's name.
        lot: Units of one contract, 0 unknown.
        price: The index in points, None or NaN where nobody knows it.
        day: The session day.

    >>> contract_size(lambda root, day: (1800, day), "NIFTY", 65, 24000.0, date(2026, 11, 2))
    {'lot_size': 65, 'notional': 1560000.0, 'freeze_quantity': 1800, 'freeze_from': '2026-11-02'}
    """
    quantity: int | None = None
    source: str | None = None
    try:
        answer = freeze(root, day)
    except BadInput as error:
        source = error.sentence
    else:
        if answer is not None:
            quantity = answer[0]
            source = answer[1].isoformat()
    is_priced = lot > 0 and price is not None and isfinite(price)
    return ContractSize(
        lot_size=lot,
        notional=lot * price if is_priced and price is not None else None,
        freeze_quantity=quantity,
        freeze_from=source,
    )
