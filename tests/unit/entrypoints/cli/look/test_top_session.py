"""The keys of `g6 top`: indices, the chain, stored cycles, studies, the filter."""

from __future__ import annotations

from dataclasses import replace

import pytest

from g6.bootstrap.reading.board_reading import RunningBoard
from g6.entrypoints.cli.look.top_questions import question_of
from g6.entrypoints.cli.look.top_session import TopSession
from g6.entrypoints.cli.shared.screen.keyboard import BACKSPACE, ENTER, ESCAPE, INTERRUPT, keys_of
from g6.errors import UserError
from g6.rendering.screens.cells import StyledText
from tests.worlds.boards import CYCLES, board_of, world_of_three_cycles

SIZE = (80, 24)


@pytest.fixture(scope="module")
def board() -> RunningBoard:
    """The reader of three cycles of two indices."""
    return board_of(world_of_three_cycles())


def asked(words: str, index: str, at: str, width: int) -> list[list[StyledText]]:
    """Answer with the question."""
    if words == "gold":
        raise UserError("there is no study 'gold'", "type chain")
    return [[(f"{words} of {index} at {at or 'now'} in {width}", " ")]]


@pytest.fixture
def session(board: RunningBoard) -> TopSession:
    """A person who has just begun."""
    facts = board.facts()
    session = TopSession(board, asked, facts)
    session.take(facts)
    return session


def press(session: TopSession, *keys: str) -> str:
    """Press keys, and return what is seen then."""
    for key in keys:
        session.press(key)
    return "\n".join(session.screen(SIZE).lines())


def test_arrows_choose_an_index_and_stop_at_the_ends(session: TopSession) -> None:
    assert "▶ NIFTY" in press(session, "up")
    assert "▶ BANKNIFTY" in press(session, "down", "down")
    assert "▶ NIFTY" in press(session, "k")


def test_enter_shows_the_chain_and_escape_all_indices(session: TopSession) -> None:
    chain = press(session, ENTER)
    assert "CALLS" in chain
    assert "▶" in chain
    assert "index" in press(session, ESCAPE)


def test_arrows_go_through_stored_cycles_and_back_to_now(session: TopSession) -> None:
    assert "cycle 11:01:00" in press(session, "left")
    assert session.view.at == CYCLES[1]
    assert "STORED" in press(session, "left")
    assert "no earlier cycle is stored" in press(session, "left")
    assert session.view.at == CYCLES[0]
    assert "cycle 11:01:00" in press(session, "right")
    press(session, "right")
    assert session.view.at == ""
    assert "STORED" not in press(session, "left", "end")


def test_the_chain_of_a_stored_cycle_is_the_stored_one(session: TopSession) -> None:
    newest = press(session, ENTER)
    assert "CALLS" in newest
    stored = press(session, "left")
    assert "STORED" in stored
    assert stored != newest


def test_a_colon_asks_a_study_of_the_chosen_index_and_moment(session: TopSession) -> None:
    text = press(session, "down", ":", *"analyze", ENTER)
    assert "analyze of BANKNIFTY at now in 80" in text
    assert f"analyze of BANKNIFTY at {CYCLES[1]} in 80" in press(session, "left")


def test_what_cannot_be_answered_is_said_below(session: TopSession) -> None:
    assert "there is no study 'gold' fix: type chain" in press(session, ":", *"gold", ENTER)


def test_a_long_error_is_said_whole(session: TopSession) -> None:
    session.view = replace(session.view, message=" ".join(["analyze,"] * 30) + " workers")
    lines = session.screen(SIZE).lines()
    assert " ".join(" ".join(lines).split()).count("analyze,") == 30
    assert "workers" in lines[-2]


def test_a_stored_cycle_has_its_own_build_up(session: TopSession) -> None:
    session.build_ups["NIFTY"] = "long_build_up"
    assert "long build-up" in press(session)
    past = press(session, "left")
    assert "long build-up" not in past
    session.past_build_ups[session.cycle] = {"NIFTY": "short_build_up"}
    assert "short build-up" in press(session)


def test_a_slash_filters_and_escape_shows_all(session: TopSession) -> None:
    assert ":/ban".replace(":", "") in press(session, "/", *"banx", BACKSPACE)
    text = press(session, ENTER)
    assert "▶ BANKNIFTY" in text
    assert "  NIFTY" not in text
    assert "  NIFTY" in press(session, ESCAPE)


def test_letters_of_a_prompt_are_no_keys(session: TopSession) -> None:
    assert session.press(":")
    assert session.press("q")
    assert session.view.prompt == ":q"
    assert session.press(ESCAPE)
    assert not session.press("q")


def test_interrupt_ends_it_wherever_one_is(session: TopSession) -> None:
    session.press(":")
    assert not session.press(INTERRUPT)


def test_help_says_the_keys(session: TopSession) -> None:
    assert "the chain around ATM of the chosen index" in press(session, "?")
    assert "index" in press(session, ESCAPE)


def test_keys_are_read_one_by_one() -> None:
    assert keys_of("j\x1b[A\x1b[6~\r\x1b") == ["j", "up", "page down", ENTER, ESCAPE]
    assert keys_of("\x1b[99~é\x00") == ["é"]


def test_a_question_is_written_as_on_a_command_line() -> None:
    question = question_of("interest banknifty --cycles 20", "NIFTY", CYCLES[0])
    assert question.study.name == "interest"
    assert question.values == {"index": "BANKNIFTY", "cycles": 20, "at": CYCLES[0]}
    assert question_of("data gaps", "NIFTY", "").study.name == "gaps"
    assert question_of("chain --second-order", "NIFTY", "").values["second_order"] is True


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("gold", "there is no study 'gold'"),
        ("check", "there is no study 'check'"),
        ("chain NIFTY extra", "chain takes no 'extra'"),
        ("chain --strikez 3", "there is no option of chain '--strikez'"),
        ("interest --cycles many", "--cycles 'many' is no number"),
        ("interest --cycles", "--cycles needs a value"),
        ("chain 'NIFTY", "No closing quotation"),
    ],
)
def test_a_mistyped_question_is_refused_with_a_fix(words: str, sentence: str) -> None:
    with pytest.raises(UserError, match=sentence.replace("(", r"\(")) as refusal:
        question_of(words, "NIFTY", "")
    assert refusal.value.fix
