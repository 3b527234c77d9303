from __future__ import annotations

import hashlib
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from g6.domain.market.calendar import Calendar
from g6.domain.quotes.quotes import QUOTE_FIELDS
from g6.errors import UncoveredYear
from g6.simulation import SimulatedMarket
from g6.simulation.noise import normal, uniform, words
from g6.simulation.world import PieceCache
from tests.worlds.asking import SIX, ask, ist

FIELDS = tuple(name for name in QUOTE_FIELDS if not name.endswith("_depth"))
"""What the simulated market gives: the best level of a book, and no more."""
RECORDED = "ba1fa0d6ac5ec9f1c626c74f"
INSTANTS = ("2026-11-18 11:00", "2026-11-23 15:33", "2026-07-15 09:15", "2025-10-21 14:00")


def digest(market: SimulatedMarket) -> str:
    """Return the hash of what the market answers at a few instants, rounded well above the last bit."""
    seen = hashlib.sha256()
    for instant in INSTANTS:
        for index in ("SENSEX", "NIFTY", "MIDCPNIFTY"):
            quotes = ask(market, index, ist(instant), 2)
            seen.update("".join(quotes.symbol.ravel()).encode())
            for name in FIELDS:
                whole = np.nan_to_num(np.round(quotes.values[name] * 100), nan=-1).astype("<i8")
                seen.update(whole.tobytes())
            seen.update(
                repr(
                    (
                        round(quotes.market.spot, 2),
                        round(quotes.market.future, 2),
                        quotes.market.vix,
                    )
                ).encode()
            )
    return seen.hexdigest()[:24]


def test_the_market_is_the_recorded_one_on_every_machine(days: Calendar) -> None:
    assert digest(SimulatedMarket(days)) == RECORDED


@pytest.mark.timeout(300)
def test_another_process_sees_the_same() -> None:
    code = (
        "import sys, types\n"
        f"sys.modules['seen'] = package = types.ModuleType('seen'); package.__path__ = [{str(Path(__file__).parent)!r}]\n"
        "from seen.test_purity import digest\n"
        "from g6.simulation import SimulatedMarket\n"
        "from g6.config import calendar\n"
        "print(digest(SimulatedMarket(calendar())))\n"
    )
    out = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert out.stdout.strip() == RECORDED


def test_instants_in_any_order_give_the_same(days: Calendar) -> None:
    instants = [
        ist("2026-11-18 11:00") + timedelta(minutes=37 * n, seconds=n) for n in range(5)
    ] + [ist("2026-11-13 10:00")]
    seen = []
    for order in (instants, instants[::-1]):
        market = SimulatedMarket(days)
        quotes = {at: ask(market, "NIFTY", at) for at in order}
        seen.append(
            {
                at: b"".join(each.values[name].tobytes() for name in QUOTE_FIELDS)
                for at, each in quotes.items()
            }
        )
    assert seen[0] == seen[1]


def test_a_cold_market_agrees_with_a_warm_one(days: Calendar, market: SimulatedMarket) -> None:
    at = ist("2026-11-18 14:44")
    for index in SIX:
        ask(market, index, at, 3)
    cold = ask(SimulatedMarket(days), "FINNIFTY", at)
    warm = ask(market, "FINNIFTY", at)
    assert all(
        np.array_equal(cold.values[name], warm.values[name], equal_nan=True)
        for name in QUOTE_FIELDS
    )


def test_another_seed_is_another_market(days: Calendar) -> None:
    at = ist("2026-11-18 11:00")
    assert (
        SimulatedMarket(days, seed=1).underlying("NIFTY", at).spot
        != SimulatedMarket(days, seed=2).underlying("NIFTY", at).spot
    )


def test_an_uncovered_year_is_refused(market: SimulatedMarket) -> None:
    with pytest.raises(UncoveredYear):
        market.underlying("NIFTY", ist("2027-03-01 12:00"))


def test_numbers_belong_to_their_address_alone() -> None:
    assert np.array_equal(words(5, 7, "a"), words(9, 7, "a")[:5])
    assert not np.array_equal(words(5, 7, "a"), words(5, 7, "b"))
    assert words(2, 7, "spot").tolist() == [10963156419894885558, 15208180041385776423]


def test_numbers_are_distributed_as_they_should() -> None:
    flat, bell = uniform(20_000, 7, "u"), normal(20_000, 7, "n")
    assert flat.min() > 0
    assert flat.max() < 1
    assert flat.mean() == pytest.approx(0.5, abs=0.01)
    assert (bell.mean(), bell.std()) == pytest.approx((0, 1), abs=0.02)


def test_prices_come_from_the_markets_own_code() -> None:
    code = "import sys; import g6.simulation; print(any('black76' in name for name in sys.modules))"
    out = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert out.stdout.strip() == "False"


def test_what_is_kept_stays_small_day_after_day(days: Calendar) -> None:
    market = SimulatedMarket(days)
    for day in ("2026-11-18", "2026-11-19", "2026-11-20"):
        for index in SIX:
            ask(market, index, ist(f"{day} 11:00"), 3)
        assert kept_bytes(market) < 32e6
        assert {
            index for index, on in market.world.cache.pieces["index"] if on.isoformat() == day
        } == set(SIX)


def test_pieces_of_other_days_are_let_go_before_those_of_the_day_at_hand() -> None:
    cache = PieceCache()
    for key in [
        *(("old", n, "monday") for n in range(14)),
        *(("new", n, "tuesday") for n in range(20)),
    ]:
        cache.get("tape", key, object)
    assert {key[-1] for key in cache.pieces["tape"]} == {"tuesday"}
    assert len(cache.pieces["tape"]) == 20


def kept_bytes(market: SimulatedMarket) -> int:
    """Return the bytes of all arrays that hang on the market."""
    seen: dict[int, int] = {}
    todo: list[object] = [market.world.cache.pieces]
    visited: set[int] = set()
    while todo:
        piece = todo.pop()
        if id(piece) in visited:
            continue
        visited.add(id(piece))
        if isinstance(piece, np.ndarray):
            base = piece.base if isinstance(piece.base, np.ndarray) else piece
            seen[id(base)] = base.nbytes
        elif isinstance(piece, dict):
            todo.extend(piece.values())
        elif isinstance(piece, (tuple, list)):
            todo.extend(piece)
        elif (
            type(piece).__module__.startswith("g6.simulation")
            or type(piece).__module__ == "g6.domain.market.instrument"
        ):
            todo.extend(
                getattr(piece, name)
                for name in dir(type(piece))
                if name in getattr(type(piece), "__dataclass_fields__", ())
            )
            todo.extend(getattr(piece, "__dict__", {}).values())
    return sum(seen.values())
