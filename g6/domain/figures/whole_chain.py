"""The whole chain behind the rows of a unit: what figures of all listed strikes are made of, and whether it is there.

A unit of scope chain has every listed strike among its rows. One of scope window has in its header what is known of the others.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from math import nan
from typing import Any

import numpy as np
from numpy.typing import NDArray

from g6.domain.cycles.plan import Quality
from g6.domain.figures.expiry_table import Ladders
from g6.domain.pricing.chain import Chain
from g6.domain.pricing.padded import abreast
from g6.domain.pricing.quality import Flag
from g6.domain.schema.beyond import MAX_MISSING_SHARE, Beyond
from g6.domain.schema.frame import Frame

__all__ = ["MAX_MISSING_SHARE", "WholeChain", "of_rows", "whole_chains"]

Array = NDArray[np.float64]


def _covers(beyond: Beyond, collected: int, wanted: int) -> bool:
    """Tell whether rows (`collected` of `wanted`) and the strikes beyond them are the whole chain.

    They are when all but few strikes answered of late.
    """
    strikes = wanted + beyond.listed
    share = (collected + len(beyond)) / strikes if strikes else 0.0
    return not beyond.unasked and share >= 1 - MAX_MISSING_SHARE


@dataclass(frozen=True, slots=True)
class WholeChain:
    """Every listed strike of m expiries, side by side: `strike` `(m, k)`; `oi`, `oi_prev`, `volume` `(m, 2, k)`.

    `covered` `(m,)`: whether it is the whole chain; `age_seconds` `(m,)` of its oldest open interest, 0 where all came with the
    rows. Units as in `Chain`; shorter expiries end in NaN.
    """

    strike: Array
    oi: Array
    oi_prev: Array
    volume: Array
    covered: NDArray[np.bool_]
    age_seconds: Array

    def take(self, places: Sequence[int]) -> WholeChain:
        """Return some of the expiries."""
        at = np.asarray(places, dtype=np.intp)
        return WholeChain(
            **{name: getattr(self, name)[at] for name in WholeChain.__dataclass_fields__}
        )

    def only_covered(self, figure: Any) -> Array:
        """Return a figure of each expiry `(m,)`, NaN where it would be one of a part of the chain."""
        return np.where(self.covered, figure, nan)


def whole_chains(chains: Sequence[Chain], rows: Ladders) -> WholeChain:
    """Return the whole chain of every expiry of every chain, in their order; `rows` is what `ladders` gives for the same."""
    parts = [
        (chain, i, chain.stamp.beyond.get(slot.expiry, Beyond()))
        for chain in chains
        for i, slot in enumerate(chain.expiries.slot)
    ]
    covered = np.array(
        [
            _covers(part, chain.expiries.collected[i], chain.expiries.wanted[i])
            for chain, i, part in parts
        ],
        dtype=np.bool_,
    )
    age = np.where(covered, np.array([part.age_seconds for _, _, part in parts]), nan)
    if not any(len(part) for _, _, part in parts):
        return WholeChain(rows.strike, rows.oi, rows.oi_prev, rows.volume, covered, age)
    joined = [_joined(chain, i, part) for chain, i, part in parts]
    tabled = abreast([0, *accumulate(each.shape[1] for each in joined)])
    table = tabled(np.concatenate(joined, axis=1))
    oi, oi_prev, volume = (table[first : first + 2].swapaxes(0, 1) for first in (1, 3, 5))
    return WholeChain(table[0], oi, oi_prev, volume, covered, age)


def _joined(chain: Chain, i: int, part: Beyond) -> Array:
    """Return strike, open interest now and before, and volume of one expiry, rows and the rest in order of strikes, `(7, k)`."""
    mine = chain.expiries.rows(i)
    rows = (
        chain.quotes.strike[mine],
        chain.oi[:, mine],
        chain.quotes.oi_prev[:, mine],
        chain.volume[:, mine],
    )
    return _merged(rows, chain.quotes.volume[:, mine], part, chain.stamp.quality)


def _merged(
    rows: tuple[Array, Array, Array, Array], volumes: Array, part: Beyond, quality: Quality
) -> Array:
    counted = part.countable(volumes, quality.min_volume, quality.min_oi, quality.vol_pct)
    oi, volume = counted.oi, counted.volume
    inside = np.vstack([rows[0][None], *rows[1:]])
    outside = np.vstack([part.strike[None], oi, np.full(oi.shape, nan), volume])
    both = np.concatenate([inside, outside], axis=1)
    return both[:, np.argsort(both[0], kind="stable")]


def of_rows(
    frame: Frame, expiry: str, oi: Array, volume: Array
) -> tuple[Array, Array, Array, Array, bool]:
    """Return strike, open interest, that of the previous session, volume and coverage of one expiry of a stored chain.

    `frame` has the rows of that expiry (ISO date) alone; `oi`, `volume` `(2, n)` are its rows' as they count. Rows that were
    imported say nothing of strikes beyond them: they are taken for whole.
    """
    stamp = frame.header.get("stamp", {})
    part = Beyond.parse(stamp.get("beyond", {}).get(expiry))
    missing = frame.both_sides("quality").astype(np.int64) & Flag.MISSING != 0
    collected = int((~missing.any(axis=0)).sum())
    covered = _covers(part, collected, len(frame))
    before = frame.both_sides("oi_prev").astype(np.float64)
    rows = (frame.columns["strike"], oi, before, volume)
    if not len(part):
        return (*rows, covered)
    raw = frame.both_sides("volume").astype(np.float64)
    table = _merged(rows, raw, part, Quality(**stamp["quality"]))
    return table[0], table[1:3], table[3:5], table[5:7], covered
