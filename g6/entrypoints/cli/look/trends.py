"""`g6 dossier`, `g6 buildup`: what changed over cycles and days, from stored rows."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, date, datetime, time, timedelta
from math import nan
from typing import Annotated, Any

import numpy as np
import typer
from rich.box import SIMPLE_HEAD
from rich.table import Table

from g6.bootstrap.stores import store as configured_store
from g6.config import Settings
from g6.domain.cycles.cycle import Unit, isoformat_z
from g6.domain.figures import build_up as open_interest
from g6.domain.figures import series, term_structure
from g6.domain.figures.by_expiry import expiry_figures
from g6.domain.market.calendar import IST
from g6.domain.schema.chain import Chain
from g6.domain.schema.frame import Frame
from g6.entrypoints.cli.shared import options, stored, terminal
from g6.errors import NothingToDo, UserError
from g6.rendering.screens import LAKH, number, percent

Windows = Annotated[
    str, typer.Option("--windows", metavar="MINUTES,…", help="Lengths of the rolling windows.")
]
Against = Annotated[
    str,
    typer.Option(
        "--against",
        metavar="close|open|MINUTES",
        help="Previous close, the day's open, or minutes ago.",
    ),
]

FIGURES = (
    "spot", "forward", "basis", "vix", "atm_iv_this_week", "atm_iv_this_month", "straddle_nearest", "em_sd", "rr25", "bf25",
    "pcr_this_week", "pcr_this_month", "max_pain_nearest", "support", "resistance", "oi_calls", "oi_puts",
)  # fmt: skip
RANKED_BEFORE = time(15, 15)
RANKED_DAYS = 400
"""Calendar days that hold 252 sessions with room to spare."""


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("dossier")(dossier)
    app.command("buildup")(buildup)


def dossier(
    index: stored.Index, *, windows: Windows = "15,60,375", as_of: stored.AsOf = None, json_: options.Json = False,
    data_dir: options.DataDir = None, config: options.Config = None, set_: options.Set = None,
) -> None:  # fmt: skip
    """Show trends of an index over rolling windows, its term structure, and the rank of its volatility.

    Example: g6 dossier NIFTY --windows 30,120
    """
    settings = options.settings(config, set_, data_dir=data_dir)
    seconds = [60.0 * each for each in _minutes(windows)]
    unit, frame = stored.latest(settings, index, stored.instant_of(as_of))
    found = {
        "index": unit.index,
        "cycle": unit.cycle,
        "trends": [asdict(each) for each in _trends(settings, unit, seconds)],
        **_volatility(settings, unit, frame),
    }
    if json_:
        typer.echo(json.dumps(stored.plain(found)))
        return
    console = terminal.console(settings)
    console.print(f"{unit.index}  {unit.instant.astimezone(IST):%a %d %b %Y %H:%M:%S} IST")
    console.print(_trends_table(found["trends"]))
    told = ", ".join(
        f"{days}d {percent(sigma)}" for days, sigma in found["constant_maturity"].items()
    )
    between = ", ".join(percent(sigma) for sigma in found["forward_volatility"])
    rank = found["iv_rank"]
    console.print(
        f"ATM IV at constant maturity, %: {told}; between expiries: {between or '–'}",
        soft_wrap=True,
    )
    console.print(
        f"IV rank {percent(rank['rank'])} %, percentile {percent(rank['percentile'])} %, of {rank['n_days']} days"
    )


def _minutes(text: str) -> list[float]:
    try:
        found = [float(word) for word in text.split(",")]
    except ValueError as error:
        raise UserError(f"--windows {text} is no list of minutes", "write it as 15,60") from error
    if not all(0 < each < 1e6 for each in found):
        raise UserError(f"--windows {text}: a window is longer than nothing", "write it as 15,60")
    return found


def _trends(settings: Settings, unit: Unit, windows: Sequence[float]) -> list[series.Trend]:
    rows = stored.overview(
        settings,
        unit,
        (unit.instant - timedelta(seconds=max(windows))).astimezone(IST).date(),
        FIGURES,
    )
    instants = [row["timestamp"].timestamp() for row in rows]
    return series.trends(
        instants, {name: [_known(row[name]) for row in rows] for name in FIGURES}, windows
    )


def _known(value: Any) -> float:
    return nan if value is None else float(value)


def _volatility(settings: Settings, unit: Unit, frame: Frame) -> dict[str, Any]:
    """Constant maturities, volatility between expiries, and today's 30-day volatility among the days before."""
    found = expiry_figures(Chain.of_rows(frame))
    years, iv = [each.years for each in found], [each.atm_iv for each in found]
    maturities = {
        days: term_structure.constant_maturity(years, iv, days)
        for days in term_structure.MATURITIES_DAYS
    }
    ranked = series.rank(maturities[30], _past_volatility(settings, unit))
    return {
        "constant_maturity": maturities,
        "forward_volatility": term_structure.forward_volatility(years, iv),
        "iv_rank": asdict(ranked),
    }


def _past_volatility(settings: Settings, unit: Unit) -> list[float]:
    """The 30-day volatility of each earlier session, at its last cycle before 15:15 in India."""
    today = unit.instant.astimezone(IST).date()
    cycles = configured_store(settings).overview_cycles(
        unit.instant - timedelta(days=RANKED_DAYS), unit.instant
    )
    last: dict[date, str] = {}
    for cycle, indices in cycles.items():
        at = datetime.fromisoformat(cycle).astimezone(IST)
        if unit.index in indices and at.date() < today and at.time() < RANKED_BEFORE:
            last[at.date()] = cycle
    chosen = [Unit(last[day], unit.index) for day in sorted(last)][-series.LOOKBACK_DAYS :]
    store, values = configured_store(settings), []
    for each in chosen:
        frame = store.read_chain(each)
        found = expiry_figures(Chain.of_rows(frame)) if frame is not None and len(frame) else []
        values.append(
            term_structure.constant_maturity(
                [one.years for one in found], [one.atm_iv for one in found], 30
            )
        )
    return values


def _trends_table(found: Sequence[Mapping[str, Any]]) -> Table:
    """Return one line per figure: its change over each window, and its range over the longest; OI in lakh units."""
    windows = sorted({each["seconds"] for each in found})
    table = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0), show_edge=False, pad_edge=False)
    table.add_column("figure", no_wrap=True)
    for name in ("now", *(f"Δ {seconds / 60:g}m" for seconds in windows), "low", "high"):
        table.add_column(name, justify="right", no_wrap=True)
    for name in FIGURES:
        lines = {each["seconds"]: each for each in found if each["name"] == name}
        unit = LAKH if name.startswith("oi_") else 1.0
        places = 4 if name.startswith(("atm_iv", "rr", "bf", "pcr")) else 1
        last = lines[windows[-1]]
        changes = [
            number(lines[seconds]["change"] / unit, places, sign=True) for seconds in windows
        ]
        ends = [number(last[end] / unit, places) for end in ("low", "high")]
        told = f"{name}, lakh" if unit == LAKH else name
        table.add_row(told, number(last["last"] / unit, places), *changes, *ends)
    return table


def buildup(
    index: stored.Index, *, against: Against = "close", expiry: stored.Expiry = None, as_of: stored.AsOf = None,
    json_: options.Json = False, data_dir: options.DataDir = None, config: options.Config = None, set_: options.Set = None,
) -> None:  # fmt: skip
    """Show how open interest and premiums moved per strike, and what build-up that is; windows under 3 minutes count as 3.

    Example: g6 buildup NIFTY --against 30
    """
    settings = options.settings(config, set_, data_dir=data_dir)
    unit, frame = stored.latest(settings, index, stored.instant_of(as_of))
    before = None if against == "close" else _earlier(settings, unit, against)
    found = _build_ups(unit, stored.of_expiry(frame, expiry), before)
    if json_:
        typer.echo(json.dumps(stored.plain(found)))
        return
    console = terminal.console(settings)
    console.print(
        f"{unit.index} {found['expiry']}  against {found['against']}  index (future): {_word(found['index_build_up'])}"
    )
    console.print(_build_ups_table(found))
    for side in ("calls", "puts"):
        counts = Counter(word for word in found[side]["build_up"] if word)
        console.print(
            f"{side}: {', '.join(f'{_word(word)} {count}' for word, count in counts.most_common())}",
            soft_wrap=True,
        )


def _earlier(settings: Settings, unit: Unit, against: str) -> Frame:
    """The chain to compare with: of the day's first cycle, or of the last one at least so many minutes ago. Errors: NothingToDo."""
    midnight = datetime.combine(unit.instant.astimezone(IST).date(), time(), IST).astimezone(UTC)
    cycles = configured_store(settings).overview_cycles(midnight, unit.instant)
    mine = [cycle for cycle, indices in cycles.items() if unit.index in indices]
    instants = [datetime.fromisoformat(cycle).timestamp() for cycle in mine]
    window = (
        unit.instant.timestamp() - instants[0] if against == "open" else 60 * _minutes(against)[0]
    )
    place = open_interest.reference(instants, unit.instant.timestamp(), window)
    frame = (
        configured_store(settings).read_chain(Unit(mine[place], unit.index))
        if place is not None
        else None
    )
    if frame is None or not len(frame):
        raise NothingToDo(f"no chain of {unit.index} to compare with is stored for that day")
    return frame


def _build_ups(unit: Unit, frame: Frame, before: Frame | None) -> dict[str, Any]:
    """Changes and words per strike; against the previous session (`before` None), or an earlier chain of the day."""
    now = {
        name: frame.both_sides(name).astype(np.float64)
        for name in ("oi", "last", "oi_prev", "close", "oi_day_high")
    }
    then = (now["oi_prev"], now["close"]) if before is None else _aligned(frame, before)
    changed = open_interest.change(now["oi"], then[0], now["oi_day_high"])
    moved = now["last"] - then[1]
    words = open_interest.build_up(
        moved, changed, then[0], frame.columns["tick_size"].astype(np.float64)
    )
    told = (
        "the previous close"
        if before is None
        else isoformat_z(float(before.columns["timestamp"][0]))
    )
    sides = {
        name: {
            "oi": now["oi"][side],
            "oi_change": changed[side],
            "premium_change": moved[side],
            "build_up": words[side],
        }
        for side, name in enumerate(("calls", "puts"))
    }
    index = _index_build_up(frame, before)
    return {
        "index": unit.index, "cycle": unit.cycle, "expiry": str(frame.columns["expiry"][0]), "against": told,
        "strike": frame.columns["strike"], "offset": frame.columns["offset"], "index_build_up": index, **sides,
    }  # fmt: skip


def _aligned(frame: Frame, before: Frame) -> tuple[Any, Any]:
    """Open interest and last prices of the earlier chain at this one's strikes; NaN where a strike is new."""
    rows = np.flatnonzero(before.columns["expiry"] == frame.columns["expiry"][0])
    earlier = before.take(rows)
    place = np.searchsorted(earlier.columns["strike"], frame.columns["strike"])
    found = place < len(rows)
    found[found] = earlier.columns["strike"][place[found]] == frame.columns["strike"][found]
    aligned = []
    for name in ("oi", "last"):
        values = np.full((2, len(frame)), np.nan)
        values[:, found] = earlier.both_sides(name).astype(np.float64)[:, place[found]]
        aligned.append(values)
    return aligned[0], aligned[1]


def _index_build_up(frame: Frame, before: Frame | None) -> str:
    """By the nearest future; its open interest of the previous session is not stored, so there is no word against the close."""
    if before is None:
        return ""
    now, then = (
        {name: _known(each.header["spot"].get(name)) for name in ("future", "future_oi")}
        for each in (frame, before)
    )
    tick = float(np.nanmin(frame.columns["tick_size"].astype(np.float64)))
    changed = now["future_oi"] - then["future_oi"]
    return open_interest.index_build_up(
        now["future"] - then["future"], changed, then["future_oi"], tick
    )


def _build_ups_table(found: Mapping[str, Any], strikes: int = 21) -> Table:
    table = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0), show_edge=False, pad_edge=False)
    for name in ("call", "Δ price", "ΔOI lakh", "STRIKE", "ΔOI lakh", "Δ price", "put"):
        table.add_column(name, justify="center" if name == "STRIKE" else "right", no_wrap=True)
    offset = np.abs(np.asarray(found["offset"], dtype=np.float64))
    centre = int(np.nanargmin(offset)) if np.isfinite(offset).any() else len(offset) // 2
    for row in range(max(0, centre - strikes // 2), min(len(offset), centre + strikes // 2 + 1)):
        sides = [
            [
                _word(each["build_up"][row]),
                number(each["premium_change"][row], sign=True),
                number(each["oi_change"][row] / LAKH, sign=True),
            ]
            for each in (found["calls"], found["puts"])
        ]
        strike = f"{found['strike'][row]:g}"
        table.add_row(*sides[0], f"▶ {strike} ◀" if row == centre else strike, *sides[1][::-1])
    return table


def _word(build_up: str) -> str:
    return build_up.replace("_", " ") or "–"
