"""Draws the simulated market beside the real sample: spot, smile, open interest by strike, volume within the day.

`python docs/pictures/market.py` writes market_*.png here; the sample is `../shared/data/recorded` where that is present.
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np

from g6.config import calendar
from g6.domain.pricing import black76
from g6.simulation import SimulatedMarket
from g6.simulation.roots import ROOTS
from g6.simulation.self_test import MINUTES, START, SampleRecording, record
from g6.simulation.smile import RATE

mpl.use("Agg")
from matplotlib import pyplot as plt

HERE = Path(__file__).parent
RECORDING = HERE.parents[2] / "shared" / "data" / "recorded" / "nifty_2026-08-19_1127-1156.parquet"
EXPIRIES = ("2026-08-25", "2026-09-01", "2026-09-08")
SIMULATED, REAL = "tab:blue", "tab:orange"
DAY = START.date()


def main() -> None:
    """Draw all four."""
    market = SimulatedMarket(calendar())
    sample, real = record(market, black76.implied_vol), recording()
    for name, draw in (
        ("spot", spot),
        ("smile", smile),
        ("interest", interest),
        ("volume", volume),
    ):
        figure = draw(market, sample, real)
        figure.tight_layout()
        figure.savefig(HERE / f"market_{name}.png", dpi=75)
        plt.close(figure)


def recording() -> Any:
    """Return the real sample as a pandas table, None where it is absent."""
    if not RECORDING.is_file():
        return None
    import pandas as pd

    table = pd.read_parquet(RECORDING)
    return table.assign(minute=pd.to_datetime(table.timestamp))


def spot(market: SimulatedMarket, sample: SampleRecording, real: Any) -> Any:
    """Draw the day of the index, and the half hour of the sample."""
    figure, (whole, half) = plt.subplots(1, 2, figsize=(11, 4))
    day = market.world.index(ROOTS["NIFTY"], DAY)
    hours = 9.25 + np.arange(len(day.printed)) / 3600
    forward = market.world.curve(ROOTS["NIFTY"], sample.quotes[0].expiry[0].item(), DAY).forward
    whole.plot(hours, forward, lw=0.6, color="grey", label="forward, 6 days")
    whole.plot(hours, day.printed, lw=0.8, color=SIMULATED, label="NIFTY as printed")
    whole.axvspan(15.25, 15.5, alpha=0.15)
    whole.set(
        title="Simulated session (index stands still in the shade)",
        xlabel="hour, IST",
        ylabel="points",
    )
    whole.legend(fontsize=8)
    simulated = np.array([quotes.market.spot for quotes in sample.quotes])
    half.plot(simulated - simulated[0], "o-", ms=3, color=SIMULATED, label="simulated")
    if real is not None:
        seen = real.groupby("minute").spot.first().to_numpy()
        half.plot(seen - seen[0], "s-", ms=3, color=REAL, label="real")
    half.set(title="11:27 to 11:56, change since 11:27", xlabel="minute", ylabel="points")
    half.legend(fontsize=8)
    return figure


def smile(market: SimulatedMarket, sample: SampleRecording, real: Any) -> Any:
    """Draw volatility over standard deviations from the money, out-of-the-money sides."""
    del market
    figure, axes = plt.subplots(1, 3, figsize=(13, 4))
    for expiry, axis in enumerate(axes):
        quotes, rows = sample.quotes[0], sample.expiries[expiry]
        years, strike, F = (
            sample.years(expiry, 0),
            quotes.strike[rows],
            sample.forward(expiry, 0)[0],
        )
        sigma = sample.volatilities(expiry, 0)
        own = np.where(strike < F, sigma[1], sigma[0])
        _drawn(axis, strike, own, F, years, SIMULATED, "simulated mids")
        if real is not None:
            strike, own, F = _real_smile(real, expiry, years)
            _drawn(axis, strike, own, F, years, REAL, "real last prices")
        axis.set(
            title=EXPIRIES[expiry],
            xlabel="standard deviations from the forward",
            ylabel="volatility, %",
            xlim=(-8, 8),
        )
        axis.legend(fontsize=8)
    return figure


def _drawn(
    axis: Any, strike: Any, own: Any, F: float, years: float, colour: str, label: str
) -> None:
    good = np.isfinite(own)
    money = np.interp(F, strike[good], own[good]) / 100 * np.sqrt(years)
    axis.plot(np.log(strike / F) / money, own, ".", ms=4, color=colour, label=label)


def _real_smile(real: Any, expiry: int, years: float) -> tuple[Any, Any, float]:
    first = real[(real.minute == real.minute.min()) & (real.expiry == EXPIRIES[expiry])]
    wide = first.pivot_table(index="strike", columns="option_type", values="ltp")
    strike, spot_now = wide.index.to_numpy(), float(first.spot.iloc[0])
    near = np.argsort(np.abs(strike - spot_now))[:15]
    F = float(
        np.nanmedian(strike[near] + (wide.CE - wide.PE).to_numpy()[near] * np.exp(RATE * years))
    )
    call = strike >= F
    price = np.where(call, wide.CE, wide.PE)
    sigma = black76.implied_vol(price, F, strike, years, RATE, np.where(call, 1.0, -1.0)).sigma
    return strike, 100 * np.asarray(sigma), F


def interest(market: SimulatedMarket, sample: SampleRecording, real: Any) -> Any:
    """Draw open interest by strike of the nearest expiry."""
    del market
    figure, axes = plt.subplots(1, 2, figsize=(13, 4), sharey=True)
    rows, quotes = sample.expiries[0], sample.quotes[0]
    _bars(
        axes[0], quotes.strike[rows], quotes.oi[:, rows] / 65_000, "simulated", quotes.market.spot
    )
    if real is not None:
        first = real[(real.minute == real.minute.min()) & (real.expiry == EXPIRIES[0])]
        wide = (
            first.pivot_table(index="strike", columns="option_type", values="oi_contracts").fillna(
                0
            )
            / 1000
        )
        _bars(
            axes[1],
            wide.index.to_numpy(),
            np.stack([wide.CE, wide.PE]),
            "real",
            float(first.spot.iloc[0]),
        )
    return figure


def _bars(axis: Any, strike: Any, held: Any, title: str, level: float) -> None:
    axis.bar(strike - 10, held[0], 20, color="tab:red", label="calls")
    axis.bar(strike + 10, held[1], 20, color="tab:green", label="puts")
    axis.axvline(level, lw=0.8, color="black")
    axis.set(
        title=f"Open interest by strike, {title}, 25 Aug",
        xlabel="strike",
        ylabel="thousand contracts",
        xlim=(0.87 * level, 1.13 * level),
    )
    axis.legend(fontsize=8)


def volume(market: SimulatedMarket, sample: SampleRecording, real: Any) -> Any:
    """Draw the volume of each minute of the day, and of the half hour at the money."""
    figure, (whole, half) = plt.subplots(1, 2, figsize=(11, 4))
    contracts = market.listing("NIFTY", START).contracts
    nearest = contracts.of(contracts.expiries[0])
    opened = START - timedelta(minutes=132)
    sums = [
        np.nansum(market.quotes("NIFTY", nearest, opened + timedelta(minutes=m)).volume)
        for m in range(386)
    ]
    whole.bar(9.25 + np.arange(385) / 60, np.diff(sums) / 65e3, 1 / 60, color=SIMULATED)
    whole.set(
        title="Simulated volume a minute, nearest expiry",
        xlabel="hour, IST",
        ylabel="thousand contracts",
    )
    rows = sample.expiries[0]
    simulated = np.nansum(sample.over_time("volume")[:, :, rows], axis=(1, 2)) / 65e3
    half.plot(
        np.arange(1, MINUTES), np.diff(simulated), "o-", ms=3, color=SIMULATED, label="simulated"
    )
    if real is not None:
        near = real[real.expiry == EXPIRIES[0]]
        half.plot(
            np.diff(near.groupby("minute").volume_contracts.sum().to_numpy()) / 1000,
            "s-",
            ms=3,
            color=REAL,
            label="real",
        )
    half.set(
        title="11:27 to 11:56, whole chain",
        xlabel="minute",
        ylabel="thousand contracts a minute",
        ylim=(0, None),
    )
    half.legend(fontsize=8)
    return figure


if __name__ == "__main__":
    main()
