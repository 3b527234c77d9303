"""A second opinion on stored rows: everything that was computed is computed again by other means.

Nothing here comes from the domain, and import-linter sees to it. Formulas are scalar and plain,
volatilities come from Brent's root finder on the price, and time to expiry comes from the expiry's
date and 15:30 in India.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta, timezone
from math import erfc, exp, inf, isfinite, log, nan, pi, sqrt
from statistics import median
from typing import NamedTuple

from g6.studies.checks.second_rows import BeyondStrikes, StoredRow, StoredUnit

__all__ = [
    "LARGEST_COUNT",
    "SIGNS",
    "THIN",
    "BlackTerms",
    "Differences",
    "check",
    "density",
    "greeks",
    "terms",
    "volatilities",
    "years",
]

INDIA = timezone(timedelta(hours=5, minutes=30))
FIX = time(15, 30)
GREEKS = ("delta", "gamma", "theta", "vega", "rho")
SIGNS = {"ce": 1, "pe": -1}
OTHER_SIDE = {"ce": "pe", "pe": "ce"}
WITH_IV = ("ok", "shared", "fallback")
BUCKETS = {"this_week": 1, "next_week": 2, "this_month": 4, "next_month": 8}
LARGEST_COUNT = 2**53
# A forward by parity is the median over so many strikes: those where call and put differ least.
PAIRS_OF_FORWARD = 7
ENOUGH = 0.95
"""Part of an expiry's strikes that must be known for figures of its whole chain."""
THIN = 2048
"""The bit of `quality` that leaves an option out of every sum."""
# A difference below this part of a column's largest value in the unit is of no size: stored Greeks
# are float32, whose own rounding is 6e-8.
NEGLIGIBLE = 1e-6
LEAST_SIGMA = 1e-4
LARGEST_SIGMA = 25.0
_YEAR_SECONDS = 365 * 86400
_LEAST_SECONDS = 60.0


@dataclass(slots=True)
class Differences:
    """The largest relative difference by figure.

    Attributes:
        largest: The difference, infinite where one of both values is missing.
        place: Where it is, with both values.
        compared: How many figures were compared.
    """

    largest: dict[str, float] = field(default_factory=dict)
    place: dict[str, str] = field(default_factory=dict)
    compared: dict[str, int] = field(default_factory=dict)

    def add(
        self, name: str, stored: float | None, again: float, where: str, scale: float = 0.0
    ) -> None:
        """Compare a stored figure with its recomputation.

        Args:
            name: The figure.
            stored: Its stored value, None where it is missing.
            again: Its value by the second implementation, NaN where it has none.
            where: The row that it is of.
            scale: The least size that the difference is held against.
        """
        value = nan if stored is None else float(stored)
        gap = _relative_gap(value, again, scale)
        self.compared[name] = self.compared.get(name, 0) + 1
        if gap >= self.largest.get(name, -1.0):
            self.largest[name] = gap
            self.place[name] = f"{where}: stored {value:.9g}, again {again:.9g}"


def _relative_gap(stored: float, again: float, scale: float) -> float:
    if isfinite(stored) and isfinite(again):
        size = max(abs(stored), abs(again), scale)
        return abs(stored - again) / size if size else 0.0
    return inf if isfinite(stored) or isfinite(again) else 0.0


def check(unit: StoredUnit, differences: Differences) -> None:
    """Compare everything that was computed in one unit.

    Forwards, volatilities and Greeks of Black-76 rows, ratios and max pain of every row.
    """
    for expiry in sorted({row.expiry for row in unit.rows}):
        rows = [row for row in unit.rows if row.expiry == expiry]
        where = f"{unit.index} {unit.instant:%Y-%m-%dT%H:%M:%SZ} {expiry}"
        if rows[0].text("model") == "black76":
            _check_forward(rows, where, differences)
            _check_options(rows, where, differences)
        if unit.overview is not None:
            beyond = unit.beyond.get(expiry.isoformat())
            _check_overview(unit.overview, rows, beyond, where, differences)


def years(row: StoredRow) -> float:
    """Return years of 365 days from a row's instant to 15:30 in India on its expiry.

    Returns:
        At least a minute. NaN after the fix.

    >>> from datetime import date
    >>> india = timezone(timedelta(hours=5, minutes=30))
    >>> at = datetime(2026, 11, 23, 15, 30, tzinfo=india)
    >>> years(StoredRow({"expiry": date(2026, 11, 24), "timestamp": at})) * 365
    1.0
    """
    fix = datetime.combine(row.expiry, FIX, INDIA)
    seconds = (fix - row.instant).total_seconds()
    return max(seconds, _LEAST_SECONDS) / _YEAR_SECONDS if seconds > 0 else nan


def _check_forward(rows: Sequence[StoredRow], where: str, differences: Differences) -> None:
    T = years(rows[0])
    differences.add("years_to_expiry", rows[0].known("years_to_expiry"), T, where)
    if rows[0].text("forward_source") != "parity" or not isfinite(T):
        return
    levels: list[tuple[float, float]] = []
    for row in rows:
        if row.text("ce_price_source") == row.text("pe_price_source") == "mid":
            gap = row.number("ce_price") - row.number("pe_price")
            levels.append((abs(gap), row.number("strike") + gap * exp(row.number("rate") * T)))
    levels.sort(key=lambda level: level[0])
    again = median(level for _, level in levels[:PAIRS_OF_FORWARD])
    differences.add("forward", rows[0].known("forward"), again, where)


def _check_options(rows: Sequence[StoredRow], where: str, differences: Differences) -> None:
    scales = {
        f"{side}_{name}": NEGLIGIBLE * _largest(rows, f"{side}_{name}")
        for side in SIGNS
        for name in GREEKS
    }
    for row in rows:
        # Brent's root finder takes most of the time of a check: once a row, not once a side.
        sigmas = volatilities(row)
        for side in SIGNS:
            place = f"{where} {row.number('strike'):g} {side}"
            _check_option(row, side, sigmas.get(side), scales, place, differences)


def _largest(rows: Sequence[StoredRow], column: str) -> float:
    return max((abs(row.known(column) or 0.0) for row in rows), default=0.0)


def _check_option(
    row: StoredRow,
    side: str,
    sigma: float | None,
    scales: Mapping[str, float],
    place: str,
    differences: Differences,
) -> None:
    status = row.text(f"{side}_iv_status")
    iv = row.known(f"{side}_iv")
    if status not in WITH_IV:
        made_up = [name for name in ("iv", *GREEKS) if row.known(f"{side}_{name}") is not None]
        differences.add("made_up", len(made_up), 0.0, place)
        return
    if sigma is None:
        return
    differences.add("iv", iv, sigma, place)
    if status == "ok" and iv:
        price = _price(row, iv, SIGNS[side])
        differences.add("iv_error", row.known(f"{side}_price"), price, place)
    for name, again in zip(GREEKS, greeks(row, sigma, SIGNS[side]), strict=True):
        column = f"{side}_{name}"
        differences.add(name, row.known(column), again, place, scales[column])


def volatilities(row: StoredRow) -> dict[str, float]:
    """Return the volatility of each side that has one.

    It is of the side's own price, or the other side's where it is shared.
    """
    own: dict[str, float] = {}
    for side, phi in SIGNS.items():
        if row.text(f"{side}_iv_status") == "ok":
            price = row.number(f"{side}_price")
            T = years(row)
            own[side] = _volatility(
                price, row.number("forward"), row.number("strike"), T, row.number("rate"), phi
            )
    shared = {
        side: own[other]
        for side, other in OTHER_SIDE.items()
        if row.text(f"{side}_iv_status") == "shared" and other in own
    }
    return own | shared


def _volatility(price: float, F: float, K: float, T: float, r: float, phi: int) -> float:
    """Return the root of the out-of-the-money price."""
    # Deep in the money the price is nearly all intrinsic value: parity turns it into that of the
    # other side without losing digits.
    out = -1 if K < F else 1
    value = price * exp(r * T) - (phi - out) / 2 * (F - K)

    def gap(sigma: float) -> float:
        return _undiscounted(F, K, T, sigma, out) - value

    if not gap(LEAST_SIGMA) < 0 < gap(LARGEST_SIGMA):
        return nan
    from scipy.optimize import brentq

    return float(brentq(gap, LEAST_SIGMA, LARGEST_SIGMA, xtol=1e-15, rtol=1e-14))


def _price(row: StoredRow, sigma: float, phi: int) -> float:
    T = years(row)
    return exp(-row.number("rate") * T) * _undiscounted(
        row.number("forward"), row.number("strike"), T, sigma, phi
    )


def _undiscounted(F: float, K: float, T: float, sigma: float, phi: int) -> float:
    s = sigma * sqrt(T)
    d1 = log(F / K) / s + s / 2
    return phi * (F * _normal(phi * d1) - K * _normal(phi * (d1 - s)))


def _normal(x: float) -> float:
    return 0.5 * erfc(-x / sqrt(2))


def density(x: float) -> float:
    """Return the density of the normal distribution.

    >>> round(density(0.0), 4)
    0.3989
    """
    return exp(-x * x / 2) / sqrt(2 * pi)


class BlackTerms(NamedTuple):
    """S*, the discounted strike, T, d1 and d2 of a row at one volatility."""

    S: float
    KD: float
    T: float
    d1: float
    d2: float


def terms(row: StoredRow, sigma: float) -> BlackTerms:
    """Return what the Greeks of a row share at one volatility."""
    F = row.number("forward")
    K = row.number("strike")
    T = years(row)
    discount = exp(-row.number("rate") * T)
    d1 = (log(F / K) + sigma * sigma * T / 2) / (sigma * sqrt(T))
    return BlackTerms(F * discount, K * discount, T, d1, d1 - sigma * sqrt(T))


def greeks(row: StoredRow, sigma: float, phi: int) -> tuple[float, float, float, float, float]:
    """Return delta, gamma, theta a day, vega and rho per 1 %.

    They are those of Black and Scholes at the spot that the forward implies.

    Args:
        row: A stored row.
        sigma: Volatility, a fraction per root year.
        phi: 1 for a call, -1 for a put.
    """
    S, KD, T, d1, d2 = terms(row, sigma)
    decay = -S * density(d1) * sigma / (2 * sqrt(T))
    return (
        phi * _normal(phi * d1),
        density(d1) / (S * sigma * sqrt(T)),
        (decay - phi * row.number("rate") * KD * _normal(phi * d2)) / 365,
        S * density(d1) * sqrt(T) / 100,
        phi * KD * T * _normal(phi * d2) / 100,
    )


def _check_overview(
    overview: StoredRow,
    rows: Sequence[StoredRow],
    beyond: BeyondStrikes | None,
    where: str,
    differences: Differences,
) -> None:
    strikes = [row.number("strike") for row in rows]
    calls = [_count(row, "ce") for row in rows]
    puts = [_count(row, "pe") for row in rows]
    if beyond is not None:
        if not _is_whole(len(strikes), beyond):
            return  # its figures are empty
        strikes += beyond.strike
        calls += map(_countable, beyond.calls)
        puts += map(_countable, beyond.puts)
    oi_calls = sum(calls)
    oi_puts = sum(puts)
    pcr = oi_puts / oi_calls if oi_calls else nan
    for bucket, bit in BUCKETS.items():
        if rows[0].flags("bucket_mask") & bit:
            differences.add("pcr", overview.known(f"pcr_{bucket}"), pcr, where)
    if overview.values["expiry_nearest"] == rows[0].expiry:
        differences.add("oi_calls", overview.known("oi_calls"), oi_calls, where)
        differences.add("oi_puts", overview.known("oi_puts"), oi_puts, where)
        pain = _max_pain(strikes, calls, puts)
        differences.add("max_pain", overview.known("max_pain_nearest"), pain, where)


def _is_whole(collected: int, beyond: BeyondStrikes) -> bool:
    listed = collected + beyond.listed
    return not beyond.unasked and collected + len(beyond.strike) >= ENOUGH * listed


def _countable(value: float | None) -> float:
    return float(value) if value and 0 <= value < LARGEST_COUNT else 0.0


def _count(row: StoredRow, side: str) -> float:
    is_counted = row.text(f"{side}_symbol") and not row.flags(f"{side}_quality") & THIN
    return _countable(row.known(f"{side}_oi")) if is_counted else 0.0


def _max_pain(strikes: Sequence[float], calls: Sequence[float], puts: Sequence[float]) -> float:
    if not any(calls) and not any(puts):
        return nan

    def worth(level: float) -> float:
        total = 0.0
        for strike, call, put in zip(strikes, calls, puts, strict=True):
            total += call * max(level - strike, 0.0) + put * max(strike - level, 0.0)
        return total

    return min(strikes, key=lambda level: (worth(level), level))
