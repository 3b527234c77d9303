"""The board between frames and cache."""

from __future__ import annotations

import struct

import numpy as np
import pytest

from g6.adapters.kite.ticker.tick_board import FrameSummary, TickBoard
from g6.domain.quotes.tick import NOBODY, STREAM

CALL, PUT, SPOT, VIX = 258 * 256 + 2, 259 * 256 + 2, 256265, 264969
AT = 1795147200


def body(token: int, last: int = 12345, at: int = AT) -> bytes:
    if token & 0xFF == 9:
        return struct.pack(">8I", token, last, last, last, last, last, 0, at)
    return struct.pack(
        ">16I", token, last, 65, last, 650, 0, 0, 0, 0, 0, last, at, 0, 0, 0, at
    ) + bytes(120)


def frame(*bodies: bytes) -> bytes:
    return struct.pack(">H", len(bodies)) + b"".join(
        struct.pack(">H", len(each)) + each for each in bodies
    )


@pytest.fixture
def board() -> TickBoard:
    made = TickBoard()
    made.add("NIFTY", {"CALL": CALL, "PUT": PUT, "NSE:NIFTY 50": SPOT, "NSE:INDIA VIX": VIX}, 0)
    made.add("BANKNIFTY", {"NSE:INDIA VIX": VIX}, 1)
    return made


def test_what_is_followed_is_first_written_as_unanswered(board: TickBoard) -> None:
    taken = board.take()
    assert {index: sorted(symbols) for index, (symbols, _) in taken.items()} == {
        "NIFTY": ["CALL", "NSE:INDIA VIX", "NSE:NIFTY 50", "PUT"], "BANKNIFTY": ["NSE:INDIA VIX"],
    }  # fmt: skip
    assert (taken["NIFTY"][1]["source"] == NOBODY).all()
    assert (taken["NIFTY"][1]["feed"] == 0).all()


def test_only_what_changed_is_taken_and_once(board: TickBoard) -> None:
    board.take()
    assert board.read(frame(body(PUT)), 9.0) == FrameSummary(1, 0, AT)
    (symbols, rows) = board.take()["NIFTY"]
    assert (symbols, rows["last"].tolist(), rows["received"].tolist()) == (["PUT"], [123.45], [9.0])
    assert board.take() == {}


def test_the_last_of_two_packets_of_one_frame_counts(board: TickBoard) -> None:
    board.read(frame(body(PUT, 100), body(PUT, 200)), 9.0)
    symbols, rows = board.take()["NIFTY"]
    assert rows["last"][symbols.index("PUT")] == 2.0


def test_one_instrument_may_stand_for_two_indices(board: TickBoard) -> None:
    board.take()
    assert board.read(frame(body(VIX, 1350)), 9.0).ticks == 1
    assert {index: rows["last"].tolist() for index, (_, rows) in board.take().items()} == {
        "NIFTY": [13.5],
        "BANKNIFTY": [13.5],
    }


def test_an_instrument_nobody_follows_is_dropped(board: TickBoard) -> None:
    assert board.read(frame(body(77 * 256 + 2), body(CALL)), 9.0) == FrameSummary(1, 1, AT)


def test_an_index_does_not_say_how_new_the_contracts_are(board: TickBoard) -> None:
    assert board.read(frame(body(SPOT, at=AT + 60), body(CALL)), 9.0).newest == AT


def test_a_price_without_time_leaves_the_row_as_old_as_it_was(board: TickBoard) -> None:
    board.read(frame(body(CALL)), 9.0)
    board.read(frame(struct.pack(">II", CALL, 200)), 11.0)
    symbols, rows = board.take()["NIFTY"]
    row = rows[symbols.index("CALL")]
    assert (row["last"], row["received"], row["quote_time"], row["source"]) == (
        2.0,
        9.0,
        AT,
        STREAM,
    )


def test_everything_is_written_again_when_the_cache_may_have_lost_it(board: TickBoard) -> None:
    board.take()
    board.mark_all()
    assert sum(len(symbols) for symbols, _ in board.take().values()) == 5


def test_new_instruments_leave_the_others_as_they_were(board: TickBoard) -> None:
    board.read(frame(body(CALL)), 9.0)
    board.add("NIFTY", {"LOWER": 3 * 256 + 2}, 1)
    symbols, rows = board.take()["NIFTY"]
    assert np.isnan(rows["last"][symbols.index("LOWER")])
    assert rows["last"][symbols.index("CALL")] == 123.45
    assert len(board) == 6
