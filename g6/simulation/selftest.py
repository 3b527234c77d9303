"""The market tests itself: what it shows in the half hour of the real sample, beside what the sample shows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from g6.domain.quotes.quotes import Quotes
from g6.simulation.business import UNITS_A_YEAR
from g6.simulation.past_sessions import IMPLIED
from g6.simulation.roots import ROOTS
from g6.simulation.simulated_market import SimulatedMarket
from g6.simulation.smile import RATE
from g6.simulation.trades import BANDS, SHARES

START = datetime(2026, 8, 19, 5, 57, tzinfo=UTC)
"""11:27 IST of the day of the real sample: nearest expiries in 6, 13 and 20 days."""
MINUTES = 30

Solver = Callable[..., Any]
Numbers = NDArray[np.float64]

_X = (-2.0, -1.0, 1.0, 2.0)
_OWN = (0.574, 0.399, 0.264)
_LUNCH = 0.44
_FRESH_MINUTES = 5


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the self-test: a figure of the simulation, the real sample's, and what the simulation's must be."""

    name: str
    simulated: str
    real: str
    bound: str
    ok: bool


@dataclass(frozen=True)
class SampleRecording:
    """Half an hour of NIFTY as a minute-by-minute recording: `quotes[m]` at minute m, three expiries; `closing` at the close."""

    quotes: tuple[Quotes, ...]
    closing: Quotes
    implied_vol: Solver

    @cached_property
    def expiries(self) -> tuple[NDArray[np.int64], ...]:
        """The positions of each expiry's strikes."""
        expiry = self.quotes[0].expiry
        return tuple(np.flatnonzero(expiry == each) for each in np.unique(expiry))

    def over_time(self, field: str) -> Numbers:
        """Return a field as `(minutes, 2, n)`."""
        return np.stack([each.values[field] for each in self.quotes])

    def years(self, expiry: int, minute: int) -> float:
        """Return the years to 15:30 IST of expiry day."""
        day = (
            self.quotes[0].expiry[self.expiries[expiry][0]].astype("datetime64[s]").astype(np.int64)
        )
        return float(day + 10 * 3600 - (START + timedelta(minutes=minute)).timestamp()) / (
            365 * 86_400
        )

    def forward(self, expiry: int, minute: int) -> tuple[float, float]:
        """Return the parity forward over the seven strikes nearest the money, and its median absolute deviation."""
        quotes, rows = self.quotes[minute], self.expiries[expiry]
        mids = (quotes.bid + quotes.ask)[:, rows] / 2
        near = np.argsort(np.abs(mids[0] - mids[1]))[:7]
        each = quotes.strike[rows][near] + (mids[0] - mids[1])[near] * np.exp(
            RATE * self.years(expiry, minute)
        )
        middle = float(np.median(each))
        return middle, float(np.median(np.abs(each - middle)))

    def volatilities(self, expiry: int, minute: int) -> Numbers:
        """Return the implied volatilities of mids, `(2, m)`, in points."""
        quotes, rows, years = self.quotes[minute], self.expiries[expiry], self.years(expiry, minute)
        mids = (quotes.bid + quotes.ask)[:, rows] / 2
        phi = np.array([[1.0], [-1.0]])
        F = self.forward(expiry, minute)[0]
        return 100 * np.asarray(
            self.implied_vol(mids, F, quotes.strike[rows], years, RATE, phi).sigma, dtype=np.float64
        )


def self_test(market: SimulatedMarket, implied_vol: Solver) -> tuple[Figure, ...]:
    """Return the figures; `implied_vol` is the solver that must find the market sound (`black76.implied_vol`), not its own."""
    sample = record(market, implied_vol)
    return (
        *_underlyings(market),
        *_surface(sample),
        *_trading(sample),
        *_open_interest(sample),
        _put_call_ratio(market),
        *_quality(sample),
    )


def record(market: SimulatedMarket, implied_vol: Solver) -> SampleRecording:
    """Return half an hour of NIFTY's three nearest weeklies and monthly, minute by minute."""
    contracts = market.listing("NIFTY", START).contracts
    near = contracts.take(contracts.expiry <= np.datetime64("2026-09-08"))
    minutes = tuple(
        market.quotes("NIFTY", near, START + timedelta(minutes=m)) for m in range(MINUTES)
    )
    return SampleRecording(
        minutes,
        market.quotes("NIFTY", near, market.calendar.close_of("NSE", START.date())),
        implied_vol,
    )


def _underlyings(market: SimulatedMarket) -> list[Figure]:
    history = {exchange: market.world.history(exchange) for exchange in ("NSE", "BSE")}
    moves = {
        name: np.diff(history[root.exchange].levels(root)[1])
        for name, root in list(ROOTS.items())[:6]
    }
    wanted = (
        ("NIFTY", "SENSEX", 0.98),
        ("NIFTY", "BANKNIFTY", 0.85),
        ("BANKNIFTY", "FINNIFTY", 0.95),
        ("NIFTY", "MIDCPNIFTY", 0.75),
    )
    figures = []
    for one, other, real in wanted:
        found = float(np.corrcoef(moves[one], moves[other])[0, 1])
        figures.append(
            Figure(
                f"correlation {one} {other}",
                f"{found:.3f}",
                f"{real:.2f}",
                "± 0.04",
                abs(found - real) <= 0.04,
            )
        )
    nse = history["NSE"]
    units = (nse.night + nse.session_units)[1:] / UNITS_A_YEAR
    implied = IMPLIED * np.exp(nse.before(nse.log_volatility)[1:])
    ratio = float(np.sqrt(np.mean(moves["NIFTY"] ** 2 / (implied**2 * units))))
    figures.append(
        Figure(
            "realised volatility / implied",
            f"{ratio:.2f}",
            "0.8 … 0.9",
            "0.78 … 0.92",
            0.78 <= ratio <= 0.92,
        )
    )
    return [*figures, _lunch(market)]


def _lunch(market: SimulatedMarket) -> Figure:
    """NIFTY's volatility over the sample's half hour as a fraction of the implied: one real, and the middle of many simulated."""
    sessions = market.calendar.sessions_between(
        "NSE", (START - timedelta(days=70)).date(), START.date()
    )
    found = []
    for session in sessions:
        spot = market.world.index(ROOTS["NIFTY"], session.day).printed[
            132 * 60 : (132 + MINUTES) * 60 : 60
        ]
        implied = IMPLIED * np.exp(market.world.market("NSE", session.day).log_volatility[132])
        found.append(float(np.std(np.diff(np.log(spot))) * np.sqrt(252 * 375) / implied))
    low, middle, high = np.percentile(found, [10, 50, 90])
    told = f"{low:.2f} … {middle:.2f} … {high:.2f}"
    ok = bool(low <= _LUNCH <= high) and 0.45 <= middle <= 0.7
    return Figure(
        "volatility at lunch / implied",
        told,
        f"{_LUNCH:.2f}",
        "80 % hold it, middle 0.45 … 0.7",
        ok,
    )


def _surface(sample: SampleRecording) -> list[Figure]:
    figures = []
    for expiry, (name, real) in enumerate(
        (("6 days", "45 … 65"), ("13 days", "80 … 100"), ("20 days", "105 … 130"))
    ):
        forward, spread = sample.forward(expiry, 0)
        low, high = (float(each) for each in real.split(" … "))
        basis = forward - sample.quotes[0].market.spot
        figures.append(
            Figure(
                f"forward − spot, {name}",
                f"{basis:.1f}",
                real,
                "± 7 more",
                low - 7 <= basis <= high + 7,
            )
        )
        figures.append(
            Figure(
                f"forward's spread, {name}",
                f"{spread:.2f}",
                f"{(1, 2, 5)[expiry]} at most",
                "the same",
                spread <= 1,
            )
        )
    limits = ((1.5, 3.6), (-0.1, 1.6), (-0.8, 0.8), (0.4, 2.2))
    for expiry in (0, 2):
        points = smile(sample, expiry)
        ok = all(low <= point <= high for point, (low, high) in zip(points, limits, strict=True))
        told = " ".join(f"{point:+.1f}" for point in points)
        figures.append(
            Figure(
                f"smile at −2 −1 +1 +2, expiry {expiry + 1}",
                told,
                "2.1…3 0.5…1 ±0.2 1…1.6",
                "± 0.6",
                ok,
            )
        )
    gap = parity_gap(sample)
    return [
        *figures,
        Figure(
            "CE − PE volatility, median", f"{gap:.3f}", "0.10 (last prices)", "< 0.05", gap < 0.05
        ),
    ]


def smile(sample: SampleRecording, expiry: int) -> list[float]:
    """Return the volatility points above at-the-money at −2, −1, 1 and 2 standard deviations, out-of-the-money sides."""
    sigma, F, strike = (
        sample.volatilities(expiry, 0),
        sample.forward(expiry, 0)[0],
        sample.quotes[0].strike[sample.expiries[expiry]],
    )
    own = np.where(strike < F, sigma[1], sigma[0])
    good = np.isfinite(own)
    at_money = float(np.interp(F, strike[good], own[good]))
    deviation = at_money / 100 * np.sqrt(sample.years(expiry, 0))
    return [
        float(np.interp(F * np.exp(x * deviation), strike[good], own[good])) - at_money for x in _X
    ]


def parity_gap(sample: SampleRecording) -> float:
    """Return the median difference, in points, of the volatilities of call and put within ten strikes of the money."""
    sigma, F = sample.volatilities(0, 0), sample.forward(0, 0)[0]
    strike = sample.quotes[0].strike[sample.expiries[0]]
    near = np.argsort(np.abs(strike - F))[:21]
    return float(np.nanmedian(np.abs(sigma[0] - sigma[1])[near]))


def shares(sample: SampleRecording) -> list[list[float]]:
    """Return the share of the options traded today that trade in a minute: by expiry, by strikes from the money; NaN of none."""
    volume = sample.over_time("volume")
    traded = np.diff(volume, axis=0) > 0
    found = []
    for expiry, rows in enumerate(sample.expiries):
        strike = sample.quotes[0].strike[rows]
        away = np.abs(np.arange(len(rows)) - np.abs(strike - sample.forward(expiry, 0)[0]).argmin())
        band = np.searchsorted(BANDS, away)
        alive = volume[-1][:, rows] > 0
        found.append(
            [_mean(traded[:, :, rows][:, (band == b) & alive]) for b in range(len(BANDS) + 1)]
        )
    return found


def _mean(values: NDArray[np.bool_]) -> float:
    return float(values.mean()) if values.size else np.nan


def _trading(sample: SampleRecording) -> list[Figure]:
    figures = []
    for expiry, found in enumerate(shares(sample)):
        told = [
            " ".join("–" if np.isnan(each) else f"{100 * each:.0f}" for each in row)
            for row in (found, SHARES[expiry])
        ]
        ok = bool(np.nanmax(np.abs(np.subtract(found, SHARES[expiry]))) <= 0.09)
        figures.append(
            Figure(f"% trading a minute, expiry {expiry + 1}", told[0], told[1], "± 9", ok)
        )
    rows, last = sample.expiries[0], sample.quotes[0].last
    cheap = float((last <= 1.0)[:, rows][sample.quotes[0].volume[:, rows] > 0].mean())
    figures.append(
        Figure(
            "options at 1.0 or less, expiry 1",
            f"{cheap:.2f}",
            "0.22",
            "0.12 … 0.32",
            0.12 <= cheap <= 0.32,
        )
    )
    spread = (sample.quotes[0].ask - sample.quotes[0].bid)[:, rows]
    near = np.argsort(np.abs(sample.quotes[0].strike[rows] - sample.forward(0, 0)[0]))[:7]
    low, high = float(np.nanmin(spread[:, near])), float(np.nanmax(spread[:, near]))
    figures.append(
        Figure(
            "spread at the money",
            f"{low:.2f} … {high:.2f}",
            "0.05 … 0.25",
            "the same",
            low >= 0.049 and high <= 0.251,
        )
    )
    return figures


def _open_interest(sample: SampleRecording) -> list[Figure]:
    rows, lot = sample.expiries[0], float(sample.quotes[0].lot_size[0])
    oi, strike = sample.over_time("oi")[:, :, rows] / lot, sample.quotes[0].strike[rows]
    near = np.abs(strike - sample.forward(0, 0)[0]) <= 1500
    kinds = (strike % 500 == 0, (strike % 100 == 0) & (strike % 500 != 0), strike % 100 != 0)
    figures = []
    for side, name, real in ((0, "calls", (137, 68, 22)), (1, "puts", (106, 41, 13))):
        found = [float(np.nanmean(oi[0, side, near & kind])) / 1000 for kind in kinds]
        ok = all(0.5 <= one / other <= 2.0 for one, other in zip(found, real, strict=True))
        told, wanted = ("/".join(f"{each:.0f}" for each in row) for row in (found, real))
        figures.append(
            Figure(f"OI at 500s/100s/50s, {name}, thousand", told, wanted, "× 0.5 … 2", ok)
        )
    ratio = np.nansum(oi[:, 1], axis=1) / np.nansum(oi[:, 0], axis=1)
    drift = float(np.abs(np.diff(ratio)).max())
    figures.append(
        Figure("PCR drift a minute, most", f"{drift:.4f}", "0.0049", "< 0.02", drift < 0.02)
    )
    turnover = float(
        np.nansum(sample.closing.volume[:, rows]) / np.nansum(sample.closing.oi[:, rows])
    )
    return [
        *figures,
        Figure(
            "a day's volume / OI, expiry 1",
            f"{turnover:.1f}",
            "3 … 4",
            "2.5 … 4.5",
            2.5 <= turnover <= 4.5,
        ),
    ]


def _put_call_ratio(market: SimulatedMarket) -> Figure:
    """NIFTY's nearest expiry at the closes of the ten weeks before the sample."""
    root, found = ROOTS["NIFTY"], []
    for session in market.calendar.sessions_between(
        "NSE", (START - timedelta(days=70)).date(), START.date()
    ):
        nearest = next(iter(market.world.series(root, session.day).values()))
        calls, puts = market.world.interest(root, nearest, session.day).end.sum(axis=1)
        found.append(float(puts / calls))
    low, middle, high = min(found), float(np.mean(found)), max(found)
    ok = low >= 0.69 and high <= 1.21 and 0.8 <= middle <= 1.0
    told = f"{low:.2f} … {middle:.2f} … {high:.2f}"
    return Figure(
        "PCR at closes: least, mean, most",
        told,
        "0.65 … 0.75 … 0.88",
        "0.7 … 1.2, mean 0.8 … 1",
        ok,
    )


def own_shares(sample: SampleRecording) -> list[float]:
    """Return the share of listed options whose last price, by expiry, is fresh (5 minutes) and not below intrinsic value."""
    fresh = np.diff(sample.over_time("volume"), axis=0)[-_FRESH_MINUTES:].sum(axis=0) > 0
    last, strike = sample.quotes[-1].last, sample.quotes[-1].strike
    found = []
    for expiry, rows in enumerate(sample.expiries):
        F = sample.forward(expiry, MINUTES - 1)[0]
        intrinsic = np.maximum(np.array([[1.0], [-1.0]]) * (F - strike[rows]), 0.0)
        found.append(float((fresh[:, rows] & (last[:, rows] >= intrinsic)).mean()))
    return found


def _quality(sample: SampleRecording) -> list[Figure]:
    figures = [
        Figure(
            f"last price gives an IV, expiry {n + 1}",
            f"{found:.2f}",
            f"{real:.2f}",
            "± 0.12",
            abs(found - real) <= 0.12,
        )
        for n, (found, real) in enumerate(zip(own_shares(sample), _OWN, strict=True))
    ]
    bid, ask = sample.over_time("bid"), sample.over_time("ask")
    crossed = int((bid > ask).sum())
    return [*figures, Figure("crossed books on a plain day", str(crossed), "", "0", crossed == 0)]
