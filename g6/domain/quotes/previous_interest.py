"""The open interest of the session before, matched to the contracts of a cycle."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from g6.domain.market.contract_symbols import follow_closures
from g6.domain.market.instrument import Contracts, contract_keys
from g6.domain.schema.frame import Frame

__all__ = ["previous_interest"]


def previous_interest(contracts: Contracts, table: Frame) -> NDArray[np.float64]:
    """Return the open interest of each contract at the end of the previous session.

    Args:
        contracts: Contracts of the cycle, n strikes.
        table: What was stored then: columns `expiry`, `strike`, `ce_oi` and `pe_oi`. An expiry that
            a closure has moved since is matched under its new date.

    Returns:
        Units, shape (2, n), NaN where the table does not have the contract.

    >>> from g6.simulation.example_unit import CONTRACTS, FRAME
    >>> table = FRAME.take(slice(0, 1))
    >>> previous_interest(CONTRACTS, table)[:, :2]
    array([[52000.,    nan],
           [52195.,    nan]])
    """
    expiry = follow_closures(table.columns["expiry"], contracts.expiry)
    stored = contract_keys(expiry, table.columns["strike"])
    order = np.argsort(stored, kind="stable")
    requested = contract_keys(contracts.expiry, contracts.strike)
    place = np.searchsorted(stored[order], requested)
    is_stored = place < len(stored)
    is_stored[is_stored] = stored[order[place[is_stored]]] == requested[is_stored]
    interest = np.full((2, len(contracts)), np.nan)
    interest[:, is_stored] = table.sides["oi"][:, order[place[is_stored]]]
    return interest
