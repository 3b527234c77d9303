"""The truth behind open interest: who opened and who closed positions, minute by minute, so that build-up labels can be judged."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from g6.simulation.trades import Tape

KINDS = ("long_build_up", "short_build_up", "short_covering", "long_unwinding")
"""Premium and open interest up and up, down and up, up and down, down and down."""
CHURN = 0.25
"""Share of the trades beyond the net change that opens a position for one while closing another's."""

Whole = NDArray[np.int64]


def flows(tape: Tape, rows: Whole, first: int, last: int) -> Mapping[str, Whole]:
    """Return the lots opened and closed by kind, `(2, m)` each, in minutes `first` to `last` (the latter not included).

    In a minute in which the premium rose buyers were the ones to act: what opened is long build-up, what closed short covering;
    else short build-up and long unwinding. Build-ups less covering and unwinding are the change of open interest, exactly.
    """
    opened, closed = _positions(tape, rows, first, last)
    second = np.arange(first, last + 1)[:, None] * 60
    values = np.stack(tape.day.curve.values(tape.day.strike[rows], second), axis=1)
    rose = np.diff(values, axis=0) > 0
    kinds = (opened * rose, opened * ~rose, closed * rose, closed * ~rose)
    return {name: each.sum(axis=0) for name, each in zip(KINDS, kinds, strict=True)}


def _positions(tape: Tape, rows: Whole, first: int, last: int) -> tuple[Whole, Whole]:
    """Return lots opened and closed in each minute, `(minutes, 2, m)`."""
    columns = np.concatenate([rows, rows + len(tape.day.strike)])
    start = tape.day.held.start.reshape(-1)[columns]
    before = start if first == 0 else tape.interest[first - 1, columns].astype(np.int64)
    net = np.diff(
        tape.interest[first:last, columns].astype(np.int64), axis=0, prepend=before[None, :]
    )
    churn = (CHURN * np.maximum(tape.lots[first:last, columns] - np.abs(net), 0)).astype(np.int64)
    shape = (last - first, 2, len(rows))
    return (np.maximum(net, 0) + churn).reshape(shape), (np.maximum(-net, 0) + churn).reshape(shape)
