"""The second opinion on exposures: sums over the options of a stored unit."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import fsum, nan, sqrt
from typing import NamedTuple

from g6.studies.checks.second_opinion import (
    LARGEST_COUNT,
    SIGNS,
    THIN,
    density,
    greeks,
    terms,
    volatilities,
)
from g6.studies.checks.second_rows import StoredRow, StoredUnit

__all__ = ["EXPOSURES", "ExposureAgain", "exposures"]

EXPOSURES = ("gex", "dex", "vex", "vanna", "charm", "vomma")


class ExposureAgain(NamedTuple):
    """One exposure of a unit in rupees.

    Attributes:
        net: The signed sum.
        gross: The sum of sizes, at whose scale the signed one is rounded.
    """

    net: float
    gross: float


def exposures(unit: StoredUnit) -> dict[str, ExposureAgain]:
    """Return the exposures of a unit under `dealer_short_puts_long_calls`, in rupees by name."""
    parts: dict[str, list[float]] = {name: [] for name in EXPOSURES}
    for row, side, sigma in _solved(unit.rows):
        for name, term in _exposure_terms(row, side, sigma).items():
            parts[name].append(term)
    if not parts["gex"]:
        return dict.fromkeys(EXPOSURES, ExposureAgain(nan, nan))
    return {
        name: ExposureAgain(fsum(values), fsum(map(abs, values))) for name, values in parts.items()
    }


def _exposure_terms(row: StoredRow, side: str, sigma: float) -> dict[str, float]:
    """Return what one option adds to each exposure."""
    S, _, T, d1, d2 = terms(row, sigma)
    oi = row.number(f"{side}_oi")
    phi = SIGNS[side]
    delta, gamma, _, vega, _ = greeks(row, sigma, phi)
    # The dealer is long calls and short puts: the sign of what both sides share is phi again.
    weight = phi * -density(d1)
    return {
        "gex": phi * gamma * oi * S * S / 100,
        "dex": delta * oi * S,
        "vex": vega * oi,
        "vanna": weight * d2 / sigma / 100 * oi * S,
        "charm": weight * (row.number("rate") / (sigma * sqrt(T)) - d2 / (2 * T)) / 365 * oi * S,
        "vomma": vega * d1 * d2 / sigma / 100 * oi,
    }


def _solved(rows: Sequence[StoredRow]) -> Iterator[tuple[StoredRow, str, float]]:
    """Yield options with a volatility and open interest, of the model that is verified."""
    for row in rows:
        if row.text("model") != "black76":
            continue
        for side, sigma in volatilities(row).items():
            value = row.known(f"{side}_oi")
            is_thin = row.flags(f"{side}_quality") & THIN
            if value is not None and 0 <= value < LARGEST_COUNT and not is_thin:
                yield row, side, sigma
