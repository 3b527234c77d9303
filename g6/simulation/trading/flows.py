"""The truth behind open interest: who opened and who closed positions, minute by minute.

Labels of build-up can be judged by it.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from g6.simulation.trading.trades import Tape

KINDS = ("long_build_up", "short_build_up", "short_covering", "long_unwinding")
"""Premium and open interest up and up, down and up, up and down, down and down."""
CHURN = 0.25
"""Share of the trades beyond the net change that open a position while another is closed."""

Whole = NDArray[np.int64]


def flows(tape: Tape, rows: Whole, first: int, last: int) -> Mapping[str, Whole]:
    """Return the lots opened and closed by kind, shape (2, m), in minutes `first` to `last`.

    Minute `last` is not included. Build-ups less covering and unwinding are the change of open
    interest, exactly.
    """
    opened, closed = _positions(tape, rows, first, last)
    second = np.arange(first, last + 1)[:, None] * 60
    values = np.stack(tape.day.curve.values(tape.day.strike[rows], second), axis=1)
    # In a minute in which the premium rose the buyers acted: what opened is long build-up, and
    # what closed is short covering.
    rose = np.diff(values, axis=0) > 0
    lots = (opened * rose, opened * ~rose, closed * rose, closed * ~rose)
    return dict(zip(KINDS, map(_summed, lots), strict=True))


def _summed(lots: Whole) -> Whole:
    return np.asarray(lots.sum(axis=0))


def _positions(tape: Tape, rows: Whole, first: int, last: int) -> tuple[Whole, Whole]:
    """Return lots opened and closed in each minute, shape (minutes, 2, m)."""
    columns = np.concatenate([rows, rows + len(tape.day.strike)])
    interest = tape.interest_from(first, last)[:, columns].astype(np.int64)
    net = np.diff(interest, axis=0)
    lots = tape.by_minute(tape.lots, first, last)[:, columns]
    churn = (CHURN * np.maximum(lots - np.abs(net), 0)).astype(np.int64)
    shape = (last - first, 2, len(rows))
    opened = np.maximum(net, 0) + churn
    closed = np.maximum(-net, 0) + churn
    return opened.reshape(shape), closed.reshape(shape)
