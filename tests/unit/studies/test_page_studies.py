"""The studies that the page begins with, held against sums made from the loaded rows by hand."""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta
from math import erf, exp, isnan, log, pi, sqrt
from pathlib import Path
from typing import Any

import pytest

import g6
from g6.adapters.parquet import ParquetStore
from g6.domain.cycles.cycle import isoformat_z, parse_z
from tests.worlds.pipeline import FIRST, World

CYCLES = 7
Row = dict[str, Any]


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("rows")
    world = World(store=ParquetStore(directory))  # type: ignore[arg-type]
    for minute in range(CYCLES):
        world.cycle(isoformat_z(parse_z(FIRST) + timedelta(minutes=minute)))
    return directory


def rows_of(directory: Path, index: str, kind: Any) -> list[Row]:
    """Return stored rows as plain records, oldest first."""
    table = g6.load(index, kind=kind, engine="arrow", data_dir=directory)
    rows: list[Row] = table.to_pylist()
    return sorted(rows, key=lambda row: row["timestamp"])


def newest_chain(directory: Path, index: str = "NIFTY") -> list[Row]:
    """Return the rows of the newest cycle, by expiry and strike."""
    rows = rows_of(directory, index, "chain")
    newest = [row for row in rows if row["timestamp"] == rows[-1]["timestamp"]]
    return sorted(newest, key=lambda row: (row["expiry"], row["strike"]))


def nearest_expiry(rows: list[Row]) -> list[Row]:
    return [row for row in rows if row["expiry"] == rows[0]["expiry"]]


def same(figure: float, stored: float | None) -> bool:
    """Tell whether a figure is a stored one, to the digit."""
    if stored is None or isnan(stored):
        return isnan(figure)
    return figure == stored


@pytest.mark.parametrize("index", ["NIFTY", "BANKNIFTY"])
def test_the_overview_is_the_newest_row_and_its_trend_the_rows_before(
    directory: Path, index: str
) -> None:
    rows = rows_of(directory, index, "overview")
    board = {row.index: row for row in g6.ask.overview(data_dir=directory, cycles=4).document.rows}
    row = board[index]
    assert row.cycle == rows[-1]["timestamp"]
    assert row.status == rows[-1]["status"]
    assert row.expiry == rows[-1]["expiry_nearest"]
    assert len(row.figures) > 20
    for name, figure in row.figures.items():
        assert same(figure, rows[-1][name]), name
    last = rows[-4:]
    assert row.trend.instant == tuple(one["timestamp"] for one in last)
    columns = {"spot": "spot", "pcr": "pcr_nearest", "straddle": "straddle_nearest"}
    for name, column in columns.items():
        assert list(getattr(row.trend, name)) == [one[column] for one in last], name


def test_an_index_that_the_newest_cycle_left_out_is_stale_with_its_age(tmp_path: Path) -> None:
    store = ParquetStore(tmp_path)
    names = ("NIFTY", "BANKNIFTY")
    for cycle, indices in (("2026-11-18T05:30:00Z", names), ("2026-11-18T05:35:00Z", names[:1])):
        rows = [{"timestamp": cycle, "underlying": name, "status": "OK"} for name in indices]
        store.write_overview(cycle, rows)
    answer = g6.ask.overview(data_dir=tmp_path)
    ages = {row.index: row.stale_seconds for row in answer.document.rows}
    assert ages == {"BANKNIFTY": 300.0, "NIFTY": 0.0}
    assert "STALE 5 min" in str(answer)
    before = g6.ask.overview(data_dir=tmp_path, at="2026-11-18T05:30:00Z").document.rows
    assert [row.stale_seconds for row in before] == [0.0, 0.0]


def test_changes_of_the_ladder_are_those_since_the_previous_close(directory: Path) -> None:
    rows = {row["strike"]: row for row in nearest_expiry(newest_chain(directory))}
    ladder = g6.ask.ladder("NIFTY", data_dir=directory).document
    assert ladder.note == ""
    assert len(ladder.strike) == len(rows)
    for place, strike in enumerate(ladder.strike):
        for side, prefix in enumerate(("ce_", "pe_")):
            row = rows[strike]
            last, close = row[f"{prefix}last"], row[f"{prefix}close"]
            wanted = None if last is None or close is None else last - close
            assert same(ladder.sides["change"][side, place], wanted)


def test_the_overview_of_the_past_ends_there(directory: Path) -> None:
    rows = rows_of(directory, "NIFTY", "overview")
    at = rows[2]["observed_at"]
    board = g6.ask.overview("NIFTY", at=at, data_dir=directory).document
    assert board.rows[0].cycle == rows[2]["timestamp"]
    assert len(board.rows[0].trend.instant) == 3


def test_levels_are_the_columns_of_the_overview(directory: Path) -> None:
    rows = rows_of(directory, "NIFTY", "overview")
    levels = g6.ask.levels("NIFTY", data_dir=directory).document
    assert levels.cycles == CYCLES
    assert list(levels.instant) == [row["timestamp"] for row in rows]
    columns = {
        "spot": "spot", "max_pain": "max_pain_nearest", "support": "support", "vix": "vix",
        "resistance": "resistance", "pcr": "pcr_nearest", "pcr_volume": "pcr_volume_nearest",
        "atm_iv": "atm_iv_nearest", "straddle": "straddle_nearest", "oi_calls": "oi_calls",
    }  # fmt: skip
    for name, column in columns.items():
        figures = levels.figures[name]
        assert all(map(same, figures, (row[column] for row in rows))), name


def test_few_points_of_the_levels_have_the_first_and_the_last_cycle(directory: Path) -> None:
    rows = rows_of(directory, "NIFTY", "overview")
    levels = g6.ask.levels("NIFTY", points=3, data_dir=directory).document
    assert [*levels.instant] == [rows[place]["timestamp"] for place in (0, 3, 6)]
    assert [*levels.figures["spot"]] == [rows[place]["spot"] for place in (0, 3, 6)]


def test_the_ladder_is_the_nearest_expiry_strike_by_strike(directory: Path) -> None:
    rows = nearest_expiry(newest_chain(directory))
    ladder = g6.ask.ladder("NIFTY", data_dir=directory).document
    assert ladder.expiry == rows[0]["expiry"]
    assert ladder.strike.tolist() == [row["strike"] for row in rows]
    for side, prefix in enumerate(("ce_", "pe_")):
        for name in ("last", "bid", "ask", "oi", "iv", "delta"):
            figures = ladder.sides[name][side].tolist()
            assert all(map(same, figures, (row[prefix + name] for row in rows))), name
        changes = [row[f"{prefix}oi"] - row[f"{prefix}oi_prev"] for row in rows]
        assert ladder.sides["oi_change"][side].tolist() == changes
        assert ladder.sums[side].oi == sum(row[f"{prefix}oi"] for row in rows)
    # Ratios are of the whole listing, which is more than the strikes that were collected.
    newest = rows_of(directory, "NIFTY", "overview")[-1]
    assert ladder.figures.pcr == newest["pcr_nearest"]
    assert ladder.figures.max_pain == newest["max_pain_nearest"]


def test_a_window_of_the_ladder_keeps_the_strikes_near_the_money(directory: Path) -> None:
    rows = [row for row in nearest_expiry(newest_chain(directory)) if abs(row["offset"]) <= 2]
    ladder = g6.ask.ladder("NIFTY", window=2, data_dir=directory).document
    assert ladder.strike.tolist() == [row["strike"] for row in rows]
    assert ladder.offset.tolist() == [-2, -1, 0, 1, 2]


def test_words_of_build_up_follow_from_premium_and_open_interest(directory: Path) -> None:
    rows = nearest_expiry(newest_chain(directory))
    ladder = g6.ask.ladder("NIFTY", data_dir=directory).document
    words = set()
    for side, prefix in enumerate(("ce_", "pe_")):
        for place, row in enumerate(rows):
            word = str(ladder.build_up[side][place])
            moved = row[f"{prefix}last"] - row[f"{prefix}close"]
            gained = row[f"{prefix}oi"] - row[f"{prefix}oi_prev"]
            is_small = (
                abs(moved) < row["tick_size"] or abs(gained) < 0.005 * row[f"{prefix}oi_prev"]
            )
            opens = "long_build_up" if moved > 0 else "short_build_up"
            closes = "short_covering" if moved > 0 else "long_unwinding"
            assert word == (
                "neutral" if is_small or not gained else opens if gained > 0 else closes
            )
            words.add(word)
    assert len(words) > 1


def exposure_of(row: Row, side: int) -> dict[str, float]:
    """Return gamma, delta and vega exposure of one option, from Black-76 as textbooks have it."""
    sigma = row["pe_iv" if side else "ce_iv"]
    units = row["pe_oi" if side else "ce_oi"]
    years = row["years_to_expiry"]
    deviation = sigma * sqrt(years)
    d1 = log(row["forward"] / row["strike"]) / deviation + deviation / 2
    density = exp(-d1 * d1 / 2) / sqrt(2 * pi)
    spot = row["forward"] * exp(-row["rate"] * years)
    delta = (1 + erf(d1 / sqrt(2))) / 2 - side
    sign = -1 if side else 1
    return {
        "gex": sign * density / (spot * deviation) * units * spot * spot / 100,
        "dex": delta * units * spot,
        "vex": spot * density * sqrt(years) / 100 * units,
    }


@pytest.mark.parametrize("is_one_expiry", [True, False])
def test_exposures_are_those_of_the_textbook(directory: Path, is_one_expiry: bool) -> None:
    rows = newest_chain(directory)
    rows = nearest_expiry(rows) if is_one_expiry else rows
    expiry = rows[0]["expiry"].isoformat() if is_one_expiry else None
    sums: dict[str, defaultdict[tuple[int, float], float]] = {
        name: defaultdict(float) for name in ("gex", "dex", "vex")
    }
    options = 0
    for row in rows:
        for side, sigma in enumerate((row["ce_iv"], row["pe_iv"])):
            if sigma is None or isnan(sigma):
                continue
            options += 1
            for name, value in exposure_of(row, side).items():
                sums[name][side, row["strike"]] += value
    answer = g6.ask.exposures("NIFTY", expiry=expiry, data_dir=directory).document
    assert answer.options == options >= 10
    for name, expected in sums.items():
        for side in (0, 1):
            own = [expected[side, strike] for strike in answer.strike.tolist()]
            assert answer.exposures[name][side].tolist() == pytest.approx(own, rel=1e-4), name
    gross = sum(map(abs, sums["gex"].values()))
    assert answer.net["gex"] == pytest.approx(sum(sums["gex"].values()), abs=1e-4 * gross)
    for side, wall in enumerate((answer.wall_call, answer.wall_put)):
        heights = {strike: abs(value) for (of, strike), value in sums["gex"].items() if of == side}
        assert heights[wall] == pytest.approx(max(heights.values()), rel=1e-4)
    assert answer.regime == ("long_gamma" if answer.net["gex"] > 0 else "short_gamma")


def black(phi: int, forward: float, strike: float, deviation: float) -> float:
    """Return the undiscounted Black-76 price by the error function."""
    first = log(forward / strike) / deviation + deviation / 2
    cumulative = [0.5 * (1 + erf(phi * d / sqrt(2))) for d in (first, first - deviation)]
    return phi * (forward * cumulative[0] - strike * cumulative[1])


def test_a_payoff_is_the_closed_form(directory: Path) -> None:
    rows = nearest_expiry(newest_chain(directory))
    own = min(rows, key=lambda row: abs(row["strike"] - row["atm"]))
    strike, years = own["strike"], own["years_to_expiry"]
    document = g6.ask.payoff("NIFTY", data_dir=directory).document
    cost = own["ce_price"] + own["pe_price"]
    assert document.cost == pytest.approx(cost)
    assert document.break_even == pytest.approx((strike - cost, strike + cost))
    for level, now, settled in zip(
        document.level, document.gain_now, document.gain_at_expiry, strict=True
    ):
        assert settled == pytest.approx(abs(level - strike) - cost)
        forward = level * own["forward"] / own["spot"]
        worth = sum(
            black(phi, forward, strike, own[f"{side}_iv"] * sqrt(years))
            for phi, side in ((1, "ce"), (-1, "pe"))
        )
        assert now == pytest.approx(exp(-own["rate"] * years) * worth - cost, abs=1e-6)


def test_legs_of_two_expiries_keep_the_time_that_is_left(directory: Path) -> None:
    chain = newest_chain(directory)
    near, far = sorted({row["expiry"] for row in chain})[:2]
    strike = chain[0]["atm"]
    legs = f"{near}:{strike:g}:CE:-1,{far}:{strike:g}:CE"
    document = g6.ask.payoff("NIFTY", legs=legs, data_dir=directory).document
    assert document.expires == near
    # A calendar gains most where its near leg just expires worthless.
    assert document.level[document.gain_at_expiry.argmax()] == pytest.approx(strike)
    assert len(document.break_even) == 2
