"""What a socket is told again and what not."""

from __future__ import annotations

import struct
from typing import Any

import numpy as np
import pytest

from g6.kite_server.market.tick_records import INDEX_TICK, TICK
from g6.kite_server.server_state import ServerState
from g6.kite_server.stream.root_feed import MODES, PacketTable, RootFeed

TOKENS = np.array([258, 514, 770])


def ticks(stamp: int = 100, **told: Any) -> np.ndarray:
    found = np.zeros(3, TICK)
    found["token"], found["last"], found["stamp"] = TOKENS, [1.0, 2.0, 3.0], stamp
    for name, value in told.items():
        found[name] = value
    return found


@pytest.fixture
def sheet() -> PacketTable:
    sheet = PacketTable(TOKENS, TICK)
    sheet.write(ticks(), None)
    return sheet


def stamps(sheet: PacketTable) -> list[int]:
    return sheet.packets["stamp"].tolist()


def test_what_is_new_is_told_with_its_own_time() -> None:
    sheet = PacketTable(TOKENS, TICK)
    changed = sheet.write(ticks(stamp=100), 105)
    assert changed["full"].all()
    assert stamps(sheet) == [100, 100, 100]


def test_what_stands_is_not_told_again(sheet: PacketTable) -> None:
    changed = sheet.write(ticks(stamp=101), 101)
    assert not any(marks.any() for marks in changed.values())
    assert stamps(sheet) == [100, 100, 100]


def test_what_changes_is_told_with_the_time_of_the_change(sheet: PacketTable) -> None:
    changed = sheet.write(ticks(last=[1.0, 2.05, 3.0]), 107)
    assert {mode: marks.tolist() for mode, marks in changed.items()} == {
        mode: [False, True, False] for mode in MODES
    }
    assert stamps(sheet) == [100, 107, 100]


def test_a_change_outside_a_mode_is_not_told_in_it(sheet: PacketTable) -> None:
    changed = sheet.write(ticks(oi=[5, 0, 0]), 107)
    assert {mode: marks.sum() for mode, marks in changed.items()} == {
        "ltp": 0,
        "quote": 0,
        "full": 1,
    }
    changed = sheet.write(ticks(oi=[5, 0, 0], volume=[0, 0, 9]), 108)
    assert {mode: marks.sum() for mode, marks in changed.items()} == {
        "ltp": 0,
        "quote": 1,
        "full": 1,
    }


def test_a_steady_sheet_tells_everything(sheet: PacketTable) -> None:
    assert sheet.write(ticks(), 109, steady=True)["full"].all()
    assert stamps(sheet) == [109, 109, 109]


def test_packets_are_cut_to_their_mode(sheet: PacketTable) -> None:
    body, tokens, _ = sheet.cut("ltp", np.array([False, True, False]))
    assert struct.unpack(">HII", body) == (8, 514, 200)
    assert tokens.tolist() == [514]


def test_what_was_never_seen_is_not_cut() -> None:
    sheet = PacketTable(TOKENS, TICK)
    sheet.write(ticks()[:1], None)
    assert sheet.cut("full", np.ones(3, dtype=np.bool_))[1].tolist() == [258]


def test_a_larger_sheet_takes_over_what_is_known(sheet: PacketTable) -> None:
    larger = PacketTable(np.array([2, *TOKENS]), TICK)
    larger.copy_from(sheet)
    assert larger.is_written.tolist() == [False, True, True, True]
    assert not larger.write(ticks(), 105)["full"].any()


def test_an_index_is_told_without_a_book() -> None:
    sheet = PacketTable(np.array([256265]), INDEX_TICK)
    found = np.zeros(1, INDEX_TICK)
    found["token"], found["last"] = 256265, 26000.05
    sheet.write(found, None)
    assert [len(sheet.cut(mode, np.ones(1, dtype=np.bool_))[0]) for mode in MODES] == [10, 30, 34]


def test_a_group_holds_contracts_and_indices_of_a_root(state: ServerState) -> None:
    catalogue = state.catalogue()
    tokens = [
        catalogue.by_key[key].token
        for key in ("NFO:NIFTY26NOV24000CE", "NFO:NIFTY26NOVFUT", "NSE:NIFTY 50")
    ]
    group = RootFeed("NIFTY")
    group.set_tokens(tokens, catalogue)
    changed = group.update(state.board, first=True)
    assert [marks["full"].sum() for marks in changed] == [2, 1]
    assert not any(marks["full"].any() for marks in group.update(state.board))
    state.clock.move(advance=5)
    assert all(marks["full"].all() for marks in group.update(state.board))
    assert set(group.contracts.packets["stamp"].tolist()) == {int(state.clock.market().timestamp())}


def test_a_group_finds_its_instruments_again_in_another_days_dump(state: ServerState) -> None:
    token = state.catalogue().by_key["NFO:NIFTY26DEC24000CE"].token
    group = RootFeed("NIFTY")
    group.set_tokens([token], state.catalogue())
    before = group.instruments[token]
    state.clock.move(advance=86_400 * 5)
    group.set_tokens(list(group.instruments), state.catalogue())
    assert group.instruments[token].position != before.position
    group.update(state.board)
    assert group.contracts.is_written.all()
