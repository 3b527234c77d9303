"""Half an hour of the simulated market, at the hour of the real sample, and what it shows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from g6.domain.quotes.quotes import Quotes
from g6.simulation.simulated_market import SimulatedMarket
from g6.simulation.smile import RATE
from g6.simulation.trading.trades import BANDS

START = datetime(2026, 8, 19, 5, 57, tzinfo=UTC)
"""11:27 IST of the day of the real sample: nearest expiries in 6, 13 and 20 days."""
MINUTES = 30

Numbers = NDArray[np.float64]

_LAST_EXPIRY = np.datetime64("2026-09-08")
_DEVIATIONS = (-2.0, -1.0, 1.0, 2.0)
_FRESH_MINUTES = 5
_YEAR_SECONDS = 365 * 86_400


class Volatilities(Protocol):
    """What a solver answers: volatilities, fractions per root year, NaN where there is none."""

    @property
    def sigma(self) -> Numbers:
        """The volatilities."""
        ...


class VolatilitySolver(Protocol):
    """The solver that must find the market sound."""

    def __call__(
        self,
        price: ArrayLike,
        forward: ArrayLike,
        strike: ArrayLike,
        years: ArrayLike,
        rate: ArrayLike,
        phi: ArrayLike,
        /,
    ) -> Volatilities:
        """Return the volatilities that reproduce prices. `phi` is 1 for calls, -1 for puts."""
        ...


@dataclass(frozen=True)
class SampleRecording:
    """Half an hour of NIFTY, minute by minute, with its three nearest expiries.

    Attributes:
        quotes: At each minute.
        closing: At the close of the day.
        implied_vol: The solver that the figures are made with.
    """

    quotes: tuple[Quotes, ...]
    closing: Quotes
    implied_vol: VolatilitySolver

    @cached_property
    def expiries(self) -> tuple[NDArray[np.int64], ...]:
        """The positions of each expiry's strikes."""
        expiry = self.quotes[0].expiry
        return tuple(np.flatnonzero(expiry == day) for day in np.unique(expiry))

    def strikes(self, expiry: int) -> Numbers:
        """Return the strikes of an expiry, shape (m,)."""
        return self.quotes[0].strike[self.expiries[expiry]]

    def over_time(self, field: str) -> Numbers:
        """Return a field, shape (minutes, 2, n)."""
        return np.stack([quotes.values[field] for quotes in self.quotes])

    def years(self, expiry: int, minute: int) -> float:
        """Return the years to 15:30 IST of expiry day."""
        day = self.quotes[0].expiry[self.expiries[expiry][0]]
        midnight = day.astype("datetime64[s]").astype(np.int64)
        now = (START + timedelta(minutes=minute)).timestamp()
        return float(midnight + 10 * 3600 - now) / _YEAR_SECONDS

    def mids(self, expiry: int, minute: int) -> Numbers:
        """Return the mids of an expiry's options, shape (2, m)."""
        quotes = self.quotes[minute]
        return (quotes.bid + quotes.ask)[:, self.expiries[expiry]] / 2

    def forward(self, expiry: int, minute: int) -> tuple[float, float]:
        """Return the parity forward and its median absolute deviation.

        They come from the seven strikes nearest the money.
        """
        mids = self.mids(expiry, minute)
        gap = mids[0] - mids[1]
        near = np.argsort(np.abs(gap))[:7]
        growth = np.exp(RATE * self.years(expiry, minute))
        forwards = self.strikes(expiry)[near] + gap[near] * growth
        middle = float(np.median(forwards))
        return middle, float(np.median(np.abs(forwards - middle)))

    def volatilities(self, expiry: int, minute: int) -> Numbers:
        """Return the implied volatilities of mids, shape (2, m), in points."""
        phi = np.array([[1.0], [-1.0]])
        F, _ = self.forward(expiry, minute)
        years = self.years(expiry, minute)
        mids = self.mids(expiry, minute)
        solved = self.implied_vol(mids, F, self.strikes(expiry), years, RATE, phi)
        return 100 * np.asarray(solved.sigma, dtype=np.float64)


def record(market: SimulatedMarket, implied_vol: VolatilitySolver) -> SampleRecording:
    """Return half an hour of NIFTY's three nearest weeklies and monthly, minute by minute."""
    contracts = market.listing("NIFTY", START).contracts
    near = contracts.take(contracts.expiry <= _LAST_EXPIRY)
    instants = [START + timedelta(minutes=minute) for minute in range(MINUTES)]
    close = market.calendar.close_of("NSE", START.date())
    return SampleRecording(
        tuple(market.quotes("NIFTY", near, at) for at in instants),
        market.quotes("NIFTY", near, close),
        implied_vol,
    )


def smile(sample: SampleRecording, expiry: int) -> list[float]:
    """Return the volatility points above at-the-money of out-of-the-money sides.

    They are those at -2, -1, 1 and 2 standard deviations.
    """
    sigma = sample.volatilities(expiry, 0)
    F, _ = sample.forward(expiry, 0)
    strike = sample.strikes(expiry)
    own = np.where(strike < F, sigma[1], sigma[0])
    has_volatility = np.isfinite(own)
    strike = strike[has_volatility]
    own = own[has_volatility]
    at_money = float(np.interp(F, strike, own))
    deviation = at_money / 100 * np.sqrt(sample.years(expiry, 0))
    points = np.interp(F * np.exp(np.array(_DEVIATIONS) * deviation), strike, own)
    return list(map(float, points - at_money))


def parity_gap(sample: SampleRecording) -> float:
    """Return the median difference of the volatilities of call and put, in points.

    It is that of the strikes within ten of the money.
    """
    sigma = sample.volatilities(0, 0)
    F, _ = sample.forward(0, 0)
    near = np.argsort(np.abs(sample.strikes(0) - F))[:21]
    return float(np.nanmedian(np.abs(sigma[0] - sigma[1])[near]))


def shares(sample: SampleRecording) -> list[list[float]]:
    """Return the share of the options traded today that trade in a minute.

    The lists are by expiry and by strikes from the money. The share of no options is NaN.
    """
    volume = sample.over_time("volume")
    traded = np.diff(volume, axis=0) > 0
    by_expiry = []
    for expiry, rows in enumerate(sample.expiries):
        F, _ = sample.forward(expiry, 0)
        at_the_money = np.abs(sample.strikes(expiry) - F).argmin()
        band = np.searchsorted(BANDS, np.abs(np.arange(len(rows)) - at_the_money))
        alive = volume[-1][:, rows] > 0
        of_expiry = traded[:, :, rows]
        bands = [(band == number) & alive for number in range(len(BANDS) + 1)]
        by_expiry.append([_mean(of_expiry[:, options]) for options in bands])
    return by_expiry


def _mean(values: NDArray[np.bool_]) -> float:
    return float(values.mean()) if values.size else np.nan


def solvable_shares(sample: SampleRecording) -> list[float]:
    """Return the share of listed options whose last price gives a volatility, by expiry.

    Such a price is fresh (5 minutes) and not below intrinsic value.
    """
    fresh = np.diff(sample.over_time("volume"), axis=0)[-_FRESH_MINUTES:].sum(axis=0) > 0
    last = sample.quotes[-1].last
    by_expiry = []
    for expiry, rows in enumerate(sample.expiries):
        F, _ = sample.forward(expiry, MINUTES - 1)
        ahead = np.array([[1.0], [-1.0]]) * (F - sample.strikes(expiry))
        intrinsic = np.maximum(ahead, 0.0)
        by_expiry.append(float((fresh[:, rows] & (last[:, rows] >= intrinsic)).mean()))
    return by_expiry
