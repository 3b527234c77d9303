"""A second opinion on stored rows: everything that was computed is computed again, by other means.

Nothing here comes from the domain, and import-linter sees to it: Parquet is read with pyarrow alone, formulas are scalar and plain,
volatilities come from Brent's root finder on the price, and time to expiry from the expiry's date and 15:30 in India.
"""

from __future__ import annotations

import base64
import json
import re
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, timezone
from math import erfc, exp, fsum, inf, isfinite, log, nan, pi, sqrt
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

import pyarrow.compute as pc
import pyarrow.parquet as pq
from scipy.optimize import brentq

__all__ = ["Cycle", "Differences", "Exposure", "check", "cycles", "exposures", "read"]

Row = Mapping[str, Any]

INDIA = timezone(timedelta(hours=5, minutes=30))
FIX = time(15, 30)
GREEKS = ("delta", "gamma", "theta", "vega", "rho")
WITH_IV = ("ok", "shared")
BUCKETS = {"this_week": 1, "next_week": 2, "this_month": 4, "next_month": 8}
LARGEST_COUNT = 2**53
ENOUGH = 0.95
"""Part of an expiry's strikes that must be known for figures of its whole chain."""
THIN = 2048
"""The bit of `quality` that leaves an option out of every sum."""
NEGLIGIBLE = 1e-6
"""Of a column's largest value in the unit: differences below this part of it are differences of nothing."""


@dataclass(frozen=True, slots=True)
class Cycle:
    """One stored unit: index, instant, chain rows, and its overview row (empty when there is none).

    `beyond`: ISO expiry → what its header tells of the listed strikes that are no rows, empty where every strike is one.
    """

    index: str
    instant: datetime
    rows: Sequence[Row]
    overview: Row
    beyond: Mapping[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Differences:
    """The largest relative difference by figure, where it was found, and how many figures were compared."""

    largest: dict[str, float] = field(default_factory=dict)
    place: dict[str, str] = field(default_factory=dict)
    compared: dict[str, int] = field(default_factory=dict)

    def add(self, name: str, stored: Any, again: float, where: str, scale: float = 0.0) -> None:
        """Compare a stored figure (None: missing) with its recomputation; `scale` is the least size it is compared at."""
        held = nan if stored is None else float(stored)
        if isfinite(held) and isfinite(again):
            size = max(abs(held), abs(again), scale)
            gap = abs(held - again) / size if size else 0.0
        else:
            gap = inf if isfinite(held) or isfinite(again) else 0.0
        self.compared[name] = self.compared.get(name, 0) + 1
        if gap >= self.largest.get(name, -1.0):
            self.largest[name], self.place[name] = (
                gap,
                f"{where}: stored {held:.9g}, again {again:.9g}",
            )


def cycles(directory: Path) -> list[tuple[str, date, datetime]]:
    """Return (index, session day, instant) of every stored chain, in order."""
    found = set()
    for path in sorted((directory / "chain").glob("underlying=*/date=*/[!.]*.parquet")):
        index, day = (
            path.parent.parent.name.removeprefix("underlying="),
            date.fromisoformat(path.parent.name.removeprefix("date=")),
        )
        instants = pc.unique(
            pq.read_table(path, columns=["timestamp"], partitioning=None).column("timestamp")
        ).to_pylist()
        found |= {(index, day, instant.astimezone(UTC)) for instant in instants}
    return sorted(found, key=lambda each: (each[2], each[0]))


def read(directory: Path, index: str, day: date, instant: datetime) -> Cycle:
    """Return one stored unit."""
    rows, header = _rows_at(directory / "chain" / f"underlying={index}" / f"date={day}", instant)
    told, _ = _rows_at(directory / "overview" / f"date={day}", instant)
    overview = next((row for row in told if row["underlying"] == index), {})
    return Cycle(index, instant, rows, overview, header.get("stamp", {}).get("beyond", {}))


def _rows_at(directory: Path, instant: datetime) -> tuple[list[dict[str, Any]], Mapping[str, Any]]:
    """Rows of an instant and the header of its chain: of its own part, else of a segment, else of the whole day."""
    files = [path for path in directory.glob("*.parquet") if not path.name.startswith(".")]
    for path in sorted(
        files, key=lambda path: (path.name == "day.parquet", "-" in path.name, path.name)
    ):
        if (
            re.match(r"\d", path.name)
            and "-" not in path.name
            and not path.name.startswith(f"{instant:%H%M%S}")
        ):
            continue
        table = pq.read_table(path, partitioning=None, filters=pc.field("timestamp") == instant)
        if table.num_rows:
            return list(table.to_pylist()), _header(path, instant)
    return [], {}


def _header(path: Path, instant: datetime) -> Mapping[str, Any]:
    metadata = pq.read_metadata(path).metadata or {}
    if b"g6.headers" in metadata:
        headers = json.loads(zlib.decompress(base64.b64decode(metadata[b"g6.headers"])))
        return next(
            (held for cycle, held in headers.items() if datetime.fromisoformat(cycle) == instant),
            {},
        )
    held: Mapping[str, Any] = json.loads(metadata.get(b"g6.header", b"{}"))
    return held


def check(cycle: Cycle, found: Differences) -> None:
    """Compare everything that was computed in one unit: forwards, volatilities, Greeks, ratios, max pain."""
    for expiry in sorted({row["expiry"] for row in cycle.rows}):
        rows = [row for row in cycle.rows if row["expiry"] == expiry]
        where = f"{cycle.index} {cycle.instant:%Y-%m-%dT%H:%M:%SZ} {expiry}"
        if rows[0]["model"] == "black76":
            _check_forward(rows, where, found)
            _check_options(rows, where, found)
        if cycle.overview:
            _check_overview(
                cycle.overview, rows, cycle.beyond.get(expiry.isoformat()), where, found
            )


def years(row: Row) -> float:
    """Years of 365 days from the row's instant to 15:30 in India on its expiry, at least a minute; NaN afterwards."""
    seconds = (datetime.combine(row["expiry"], FIX, INDIA) - row["timestamp"]).total_seconds()
    return max(seconds, 60.0) / (365 * 86400) if seconds > 0 else nan


def _check_forward(rows: Sequence[Row], where: str, found: Differences) -> None:
    T = years(rows[0])
    found.add("years_to_expiry", rows[0]["years_to_expiry"], T, where)
    if rows[0]["forward_source"] != "parity" or not isfinite(T):
        return
    pairs = [
        (
            abs(row["ce_price"] - row["pe_price"]),
            row["strike"] + (row["ce_price"] - row["pe_price"]) * exp(row["rate"] * T),
        )
        for row in rows
        if row["ce_price_source"] == row["pe_price_source"] == "mid"
    ]
    found.add(
        "forward",
        rows[0]["forward"],
        median(level for _, level in sorted(pairs, key=lambda pair: pair[0])[:7]),
        where,
    )


def _check_options(rows: Sequence[Row], where: str, found: Differences) -> None:
    largest = {
        (side, name): max(
            (abs(row[f"{side}_{name}"]) for row in rows if row[f"{side}_{name}"] is not None),
            default=0.0,
        )
        for side in ("ce", "pe")
        for name in GREEKS
    }
    for row in rows:
        sigma = volatilities(row)
        for side, phi in (("ce", 1), ("pe", -1)):
            place = f"{where} {row['strike']:g} {side}"
            if row[f"{side}_iv_status"] not in (*WITH_IV, "fallback"):
                held = [row[f"{side}_{name}"] for name in ("iv", *GREEKS)]
                found.add("made_up", sum(value is not None for value in held), 0.0, place)
            elif side in sigma:
                found.add("iv", row[f"{side}_iv"], sigma[side], place)
                if row[f"{side}_iv_status"] == "ok" and row[f"{side}_iv"]:
                    found.add(
                        "iv_error", row[f"{side}_price"], _price(row, row[f"{side}_iv"], phi), place
                    )
                for name, again in zip(GREEKS, greeks(row, sigma[side], phi), strict=True):
                    found.add(
                        name, row[f"{side}_{name}"], again, place, NEGLIGIBLE * largest[side, name]
                    )


def volatilities(row: Row) -> dict[str, float]:
    """Return the volatility of each side that has one: of its own price, or the other side's where it is shared."""
    own = {
        side: _volatility(
            row[f"{side}_price"], row["forward"], row["strike"], years(row), row["rate"], phi
        )
        for side, phi in (("ce", 1), ("pe", -1))
        if row[f"{side}_iv_status"] == "ok"
    }
    shared = {
        side: own[other]
        for side, other in (("ce", "pe"), ("pe", "ce"))
        if row[f"{side}_iv_status"] == "shared" and other in own
    }
    return own | shared


def _volatility(price: float, F: float, K: float, T: float, r: float, phi: int) -> float:
    """Root of the out-of-the-money price, which parity gives without losing digits."""
    out = -1 if K < F else 1
    value = price * exp(r * T) - (phi - out) / 2 * (F - K)

    def gap(sigma: float) -> float:
        return _undiscounted(F, K, T, sigma, out) - value

    low, high = 1e-4, 25.0
    return (
        float(brentq(gap, low, high, xtol=1e-15, rtol=1e-14)) if gap(low) < 0 < gap(high) else nan
    )


def _price(row: Row, sigma: float, phi: int) -> float:
    T = years(row)
    return exp(-row["rate"] * T) * _undiscounted(row["forward"], row["strike"], T, sigma, phi)


def _undiscounted(F: float, K: float, T: float, sigma: float, phi: int) -> float:
    s = sigma * sqrt(T)
    d1 = log(F / K) / s + s / 2
    return phi * (F * _normal(phi * d1) - K * _normal(phi * (d1 - s)))


def _normal(x: float) -> float:
    return 0.5 * erfc(-x / sqrt(2))


def _density(x: float) -> float:
    return exp(-x * x / 2) / sqrt(2 * pi)


def _terms(row: Row, sigma: float) -> tuple[float, float, float, float, float]:
    """S*, KD, T, d1 and d2 of a row."""
    F, K, T, r = row["forward"], row["strike"], years(row), row["rate"]
    d1 = (log(F / K) + sigma * sigma * T / 2) / (sigma * sqrt(T))
    return F * exp(-r * T), K * exp(-r * T), T, d1, d1 - sigma * sqrt(T)


def greeks(row: Row, sigma: float, phi: int) -> tuple[float, float, float, float, float]:
    """Delta, gamma, theta a day, vega and rho per 1 %, of Black and Scholes at the spot that the forward implies."""
    S, KD, T, d1, d2 = _terms(row, sigma)
    r = row["rate"]
    theta = (-S * _density(d1) * sigma / (2 * sqrt(T)) - phi * r * KD * _normal(phi * d2)) / 365
    return (
        phi * _normal(phi * d1),
        _density(d1) / (S * sigma * sqrt(T)),
        theta,
        S * _density(d1) * sqrt(T) / 100,
        phi * KD * T * _normal(phi * d2) / 100,
    )


def _check_overview(
    overview: Row, rows: Sequence[Row], beyond: Mapping[str, Any] | None, where: str, found: Differences
) -> None:  # fmt: skip
    held = {side: [_count(row, side) for row in rows] for side in ("ce", "pe")}
    strikes = [row["strike"] for row in rows]
    if beyond:
        if beyond["unasked"] or len(strikes) + len(beyond["strike"]) < ENOUGH * (
            len(strikes) + beyond["listed"]
        ):
            return  # its figures are empty: the chain is not whole
        strikes += beyond["strike"]
        for side, counts in held.items():
            counts += [
                float(value) if value and 0 <= value < LARGEST_COUNT else 0.0
                for value in beyond[f"{side}_oi"]
            ]
    calls, puts = sum(held["ce"]), sum(held["pe"])
    for bucket, bit in BUCKETS.items():
        if rows[0]["bucket_mask"] & bit:
            found.add("pcr", overview[f"pcr_{bucket}"], puts / calls if calls else nan, where)
    if overview["expiry_nearest"] == rows[0]["expiry"]:
        found.add("oi_calls", overview["oi_calls"], calls, where)
        found.add("oi_puts", overview["oi_puts"], puts, where)
        found.add(
            "max_pain",
            overview["max_pain_nearest"],
            _max_pain(strikes, held["ce"], held["pe"]),
            where,
        )


def _count(row: Row, side: str) -> float:
    value = row[f"{side}_oi"]
    counted = row[f"{side}_symbol"] and not row[f"{side}_quality"] & THIN
    return float(value) if counted and value is not None and 0 <= value < LARGEST_COUNT else 0.0


def _max_pain(strikes: Sequence[float], calls: Sequence[float], puts: Sequence[float]) -> float:
    def paid(level: float) -> float:
        sides = zip(strikes, calls, puts, strict=True)
        return sum(
            call * max(level - strike, 0.0) + put * max(strike - level, 0.0)
            for strike, call, put in sides
        )

    return min(strikes, key=lambda level: (paid(level), level)) if any(calls) or any(puts) else nan


class Exposure(NamedTuple):
    """One exposure of a unit in ₹: the signed sum, and the sum of sizes, at whose scale the signed one is rounded."""

    net: float
    gross: float


def exposures(cycle: Cycle) -> dict[str, Exposure]:
    """Return GEX, DEX, VEX, vanna, charm and vomma of a unit under `dealer_short_puts_long_calls`."""
    names, solved = ("gex", "dex", "vex", "vanna", "charm", "vomma"), list(_solved(cycle.rows))
    terms: dict[str, list[float]] = {name: [] for name in names}
    for row, side, phi, sigma in solved:
        S, _, T, d1, d2 = _terms(row, sigma)
        oi, dealer = float(row[f"{side}_oi"]), phi
        delta, gamma, _, vega, _ = greeks(row, sigma, phi)
        terms["gex"].append(dealer * gamma * oi * S * S / 100)
        terms["dex"].append(delta * oi * S)
        terms["vex"].append(vega * oi)
        terms["vanna"].append(dealer * -_density(d1) * d2 / sigma / 100 * oi * S)
        terms["charm"].append(
            dealer * -_density(d1) * (row["rate"] / (sigma * sqrt(T)) - d2 / (2 * T)) / 365 * oi * S
        )
        terms["vomma"].append(vega * d1 * d2 / sigma / 100 * oi)
    if not solved:
        return dict.fromkeys(names, Exposure(nan, nan))
    return {name: Exposure(fsum(values), fsum(map(abs, values))) for name, values in terms.items()}


def _solved(rows: Sequence[Row]) -> Iterator[tuple[Row, str, int, float]]:
    """Options with a volatility and open interest, of the model that is verified."""
    for row in (row for row in rows if row["model"] == "black76"):
        for side, sigma in volatilities(row).items():
            value = row[f"{side}_oi"]
            if (
                value is not None
                and 0 <= value < LARGEST_COUNT
                and not row[f"{side}_quality"] & THIN
            ):
                yield row, side, 1 if side == "ce" else -1, sigma
