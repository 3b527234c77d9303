"""Listed strikes that a chain's window leaves out, as far as earlier cycles saw them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from math import isfinite, nan
from typing import cast

import numpy as np
from numpy.typing import NDArray

from g6.domain.schema.counting import countable, countable_interest
from g6.domain.schema.frame import SIDE_PREFIXES, Header
from g6.domain.schema.json_reading import number, numbers, whole

__all__ = ["MAX_MISSING_SHARE", "Beyond", "json_number"]

Array = NDArray[np.float64]

MAX_MISSING_SHARE = 0.05
"""Part of an expiry's strikes that may be missing where the expiry still counts as there."""


def _no_strikes() -> Array:
    return np.empty(0)


def _no_sides() -> Array:
    return np.empty((2, 0))


@dataclass(frozen=True, slots=True)
class Beyond:
    """Strikes of one expiry that are no rows of the chain, because its window leaves them out.

    `strike` `(k,)` points, `oi` and `volume` `(2, k)` units, NaN unknown: those that answered of
    late, of `listed` strikes beyond the rows. `unasked` were not asked for of late. `age_seconds`
    is that of the oldest open interest at the cycle's instant, NaN where there is none.
    """

    strike: Array = field(default_factory=_no_strikes)
    oi: Array = field(default_factory=_no_sides)
    volume: Array = field(default_factory=_no_sides)
    listed: int = 0
    unasked: int = 0
    age_seconds: float = 0.0

    def __len__(self) -> int:
        return len(self.strike)

    def header(self) -> dict[str, object]:
        """Write the strikes as an entry of a JSON-able header.

        >>> part = Beyond(np.array([100.0]), np.array([[65.0], [np.nan]]), np.array([[1.5], [0.0]]))
        >>> header = part.header()
        >>> header["strike"], header["ce_oi"], header["pe_oi"], header["ce_volume"]
        ([100], [65], [None], [1.5])
        """
        entry: dict[str, object] = {
            "listed": self.listed,
            "unasked": self.unasked,
            "age_seconds": json_number(self.age_seconds),
            "strike": _json_numbers(self.strike),
        }
        for name, quantity in (("oi", self.oi), ("volume", self.volume)):
            for side, values in zip(SIDE_PREFIXES, quantity, strict=True):
                entry[side + name] = _json_numbers(values)
        return entry

    @classmethod
    def parse(cls, entry: Header | None) -> Beyond:
        """Read what `header` wrote of one expiry.

        Args:
            entry: The expiry's entry in the stamp. None or empty: every listed strike is a row.

        >>> len(Beyond.parse(None))
        0
        """
        if not entry:
            return _NOTHING
        is_unknown = entry["age_seconds"] is None
        return cls(
            strike=_array(numbers(entry, "strike")),
            oi=np.array([_array(numbers(entry, side + "oi")) for side in SIDE_PREFIXES]),
            volume=np.array([_array(numbers(entry, side + "volume")) for side in SIDE_PREFIXES]),
            listed=whole(entry, "listed"),
            unasked=whole(entry, "unasked"),
            age_seconds=nan if is_unknown else float(number(entry, "age_seconds")),
        )

    def countable(
        self, rows_volume: Array, min_volume: float, min_oi: float, vol_pct: float
    ) -> Beyond:
        """Return the strikes with NaN for what may not be in sums, by the rules for rows.

        Args:
            rows_volume: Volume of the expiry's rows as the source gave it, units, shape (2, n).
            min_volume: Units below which an option is thin, 0 for no bound.
            min_oi: The same for open interest.
            vol_pct: Percentile of the expiry's volumes below which an option is thin, 0 for none.
        """
        if not len(self):
            return self
        thin = np.zeros(self.oi.shape, dtype=np.bool_)
        if min_volume:
            thin |= self.volume < min_volume
        if min_oi:
            thin |= self.oi < min_oi
        if vol_pct:
            volumes = np.concatenate([rows_volume, self.volume], axis=1)
            if np.isfinite(volumes).any():
                thin |= self.volume < np.nanpercentile(volumes, vol_pct)
        return replace(
            self,
            oi=countable_interest(self.oi, ~thin),
            volume=countable(self.volume, ~thin),
        )


_NOTHING = Beyond()


def json_number(value: float) -> float | int | None:
    """Return a number as JSON writes it shortest: whole ones without a point, NaN as null.

    >>> json_number(26000.0), json_number(0.05), json_number(nan)
    (26000, 0.05, None)
    """
    if not isfinite(value):
        return None
    return int(value) if value.is_integer() else value


def _json_numbers(values: Array) -> list[float | int | None]:
    """Return numbers as JSON writes them shortest: one by one only where they are not all whole."""
    with np.errstate(invalid="ignore"):
        whole = values.astype(np.int64)
    if np.array_equal(whole, values):
        return cast("list[float | int | None]", whole.tolist())
    return [json_number(value) for value in values.tolist()]


def _array(values: Sequence[float | None]) -> Array:
    # numpy reads None as NaN where it is told the type.
    return np.array(values, dtype=np.float64)
