"""Directories of polls: doubles, empties, pages, several expiries an instant, other underlyings among them."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from g6.adapters.replay import Recording, totals
from g6.config import calendar
from g6.errors import BadInput

Answer = Callable[[int], dict[str, Any]]


def of_expiry(document: dict[str, Any], day: date) -> dict[str, Any]:
    """The part of an answer that is one expiry's, as the exchange gives it today."""
    document = json.loads(json.dumps(document))
    data = document["records"]["data"]
    document["records"]["data"] = [
        entry for entry in data if entry["expiryDate"] == f"{day:%d-%b-%Y}"
    ]
    return document


def kinds(recording: Recording) -> dict[str, int]:
    return {str(kind): count for kind, count in totals(recording.left_out).items()}


def test_answers_of_one_instant_with_different_expiries_are_one_snapshot(
    tmp_path: Path, answer: Answer, answers_dir: Path, instants: tuple[datetime, ...]
) -> None:
    whole = Recording.open(answers_dir).snapshot("NIFTY", instants[1])
    polls = tmp_path / "polls"
    polls.mkdir()
    for day in (date(2026, 9, 8), date(2026, 8, 25), date(2026, 9, 1)):
        (polls / f"{day}.json").write_text(json.dumps(of_expiry(answer(1), day)), "utf-8")
    recording = Recording.open(polls)
    parts = recording.snapshot("NIFTY", instants[1])
    assert whole is not None
    assert parts is not None
    assert (recording.cycles(), recording.left_out) == (instants[1:2], ())
    assert parts.contracts.symbol.tolist() == whole.contracts.symbol.tolist()
    np.testing.assert_array_equal(parts.values["oi"], whole.values["oi"])
    assert recording.totals("NIFTY", instants[1]) == {"oi_calls": 4_500.0, "oi_puts": 5_500.0}


def test_the_same_answer_twice_is_one_however_it_is_written(
    answers_dir: Path, answer: Answer
) -> None:
    (answers_dir / "again.json").write_text(json.dumps(answer(0), indent=3), "utf-8")
    recording = Recording.open(answers_dir)
    assert len(recording.cycles()) == 3
    assert [(part.path.name, part.kind) for part in recording.left_out] == [("again.json", "copy")]
    assert "NIFTY_0.json" in recording.left_out[0].reason
    with pytest.raises(BadInput, match=r"again\.json"):
        Recording.open(answers_dir, strict=True)


def test_impossible_interest_of_a_copied_answer_is_told_once(
    tmp_path: Path, answer: Answer
) -> None:
    document = answer(0)
    document["records"]["data"][0]["CE"]["openInterest"] = -5
    for name in ("first.json", "second.json"):
        (tmp_path / name).write_text(json.dumps(document), "utf-8")
    told = [(part.path.name, part.kind) for part in Recording.open(tmp_path).left_out]
    assert told == [("first.json", "flagged"), ("second.json", "copy")]


def test_an_answer_of_the_same_instant_with_other_figures_is_told_and_the_first_counts(
    answers_dir: Path, answer: Answer, instants: tuple[datetime, ...]
) -> None:
    before = Recording.open(answers_dir).snapshot("NIFTY", instants[0])
    other = answer(0)
    other["records"]["data"][0]["CE"]["openInterest"] += 5
    (answers_dir / "other.json").write_text(json.dumps(other), "utf-8")
    recording = Recording.open(answers_dir)
    (part,) = recording.left_out
    assert (part.path.name, part.kind, part.count) == ("other.json", "contradiction", 1)
    assert "1 of its options contradict NIFTY_0.json, which counts" in part.reason
    after = recording.snapshot("NIFTY", instants[0])
    assert before is not None
    assert after is not None
    np.testing.assert_array_equal(before.values["oi"], after.values["oi"])


def test_what_is_no_answer_is_left_out_and_named_and_the_rest_is_read(
    answers_dir: Path, answer: Answer
) -> None:
    texts = {
        "empty.json": "{}",
        "nothing.json": "",
        "page.json": "<!DOCTYPE html><html>Access Denied</html>",
        "page.html": "<html></html>",
        "no_data.json": '{"records": {"data": [], "timestamp": "x"}}',
        "words.txt": "Resource not found",
        "list.json": "[]",
    }
    for name, text in texts.items():
        (answers_dir / name).write_text(text, "utf-8")
    recording = Recording.open(answers_dir)
    assert len(recording.cycles()) == 3
    assert {part.path.name for part in recording.left_out} == texts.keys()
    assert kinds(recording) == {"no_answer": len(texts)}


@pytest.mark.parametrize(
    "raw",
    [
        b"[" * 100_000,
        b"{'a':" * 100_000,
        b"(" * 100_000,
        b'{"records": {"data": [' + b"[" * 5_000,
        b"\xff\xfe\x00",
        b"{\x80}",
        b"\x1f\x8bno",
        b'{"records": ' + b"9" * 5_000 + b"}",
        b'{"records": {"timestamp": "01-Jan-0001 00:00:00", "data": [{}]}}',
        b"\x00" * 50,
    ],
    ids=lambda raw: f"{raw[:12]!r}",
)
def test_no_file_ends_a_replay_of_the_others(answers_dir: Path, raw: bytes) -> None:
    (answers_dir / "hostile.json").write_bytes(raw)
    recording = Recording.open(answers_dir)
    assert len(recording.cycles()) == 3
    assert [part.path.name for part in recording.left_out] == ["hostile.json"]
    with pytest.raises(BadInput, match=r"hostile\.json"):
        Recording.open(answers_dir / "hostile.json")


def test_a_number_of_five_thousand_digits_costs_its_figure(
    answers_dir: Path, answer: Answer
) -> None:
    text = json.dumps(answer(0)).replace(
        '"openInterest": 1100', '"openInterest": ' + "9" * 5_000, 1
    )
    (answers_dir / "NIFTY_0.json").write_text(text, "utf-8")
    recording = Recording.open(answers_dir)
    assert len(recording.cycles()) == 3
    assert kinds(recording) == {"damaged": 1}
    assert "openInterest" in recording.left_out[0].reason


@pytest.mark.parametrize(
    "write",
    [
        repr,
        lambda answer: json.dumps(json.dumps(answer)),
        lambda answer: "\ufeff" + json.dumps(answer),
    ],
)
@pytest.mark.parametrize("suffix", [".json", ".txt", ".json.gz"])
def test_archives_hold_answers_as_json_and_as_pythons_repr(
    tmp_path: Path,
    answer: Answer,
    instants: tuple[datetime, ...],
    write: Callable[[Any], str],
    suffix: str,
) -> None:
    document = answer(2)
    document["records"]["strikePrices"] = None
    raw = write(document).encode()
    (tmp_path / f"poll{suffix}").write_bytes(gzip.compress(raw) if suffix.endswith("gz") else raw)
    recording = Recording.open(tmp_path)
    assert (recording.cycles(), recording.left_out) == (instants[2:], ())


def test_shares_are_left_out_with_a_word_and_indices_are_chosen_before_anything_is_refused(
    answers_dir: Path, answer: Answer
) -> None:
    share = json.dumps(answer(0)).replace('"NIFTY"', '"RELIANCE"')
    bank = json.dumps(answer(0)).replace('"NIFTY"', '"BANKNIFTY"').replace("11:27:00", "soon")
    (answers_dir / "reliance.json").write_text(share, "utf-8")
    (answers_dir / "bank.json").write_text(bank, "utf-8")
    recording = Recording.open(answers_dir, indices={"NIFTY"})
    assert kinds(recording) == {"not_asked": 1, "no_index": 1}
    assert kinds(Recording.open(answers_dir)) == {"damaged": 1, "no_index": 1}
    assert Recording.open(answers_dir, indices={"NIFTY"}).indices() == ("NIFTY",)
    with pytest.raises(BadInput, match="not asked for"):
        Recording.open(answers_dir / "bank.json", indices={"NIFTY"})


def test_a_strict_replay_is_not_refused_for_an_index_that_was_not_asked_for(
    answers_dir: Path, answer: Answer
) -> None:
    (answers_dir / "bank.json").write_text(
        json.dumps(answer(0)).replace('"NIFTY"', '"BANKNIFTY"'), "utf-8"
    )
    assert len(Recording.open(answers_dir, strict=True, indices={"NIFTY"}).cycles()) == 3


def test_options_that_had_expired_are_counted_and_named(tmp_path: Path, answer: Answer) -> None:
    text = (
        json.dumps(answer(0)).replace("19-Aug-2026", "01-Sep-2026").replace("11:27:00", "15:41:00")
    )
    (tmp_path / "late.json").write_text(text, "utf-8")
    recording = Recording.open(tmp_path, closes=calendar().close_of)
    seen = recording.snapshot("NIFTY", recording.cycles()[0])
    assert seen is not None
    assert seen.contracts.expiries == (date(2026, 9, 8),)
    assert [(part.kind, part.count) for part in recording.left_out] == [
        ("expired", 10),
        ("expired", 10),
    ]
    assert [
        "2026-08-25" in recording.left_out[0].reason,
        "2026-09-01" in recording.left_out[1].reason,
    ] == [True, True]


@pytest.mark.parametrize(
    ("value", "kind", "outcome"),
    [
        (-5, "flagged", "read and flagged"),
        (1e12, "flagged", "read and flagged"),
        # No figure is so large: the option is read without it.
        (-1e300, "damaged", "not read"),
        (10**60, "damaged", "not read"),
        (1e308, "damaged", "not read"),
    ],
)
def test_open_interest_that_cannot_be_is_named_and_counted(
    tmp_path: Path, answer: Answer, value: float, kind: str, outcome: str
) -> None:
    document = answer(0)
    document["records"]["data"][0]["CE"]["openInterest"] = value
    (tmp_path / "poll.json").write_text(json.dumps(document), "utf-8")
    recording = Recording.open(tmp_path)
    seen = recording.snapshot("NIFTY", recording.cycles()[0])
    assert seen is not None
    assert [
        (part.kind, "CE" in part.reason, "23900" in part.reason) for part in recording.left_out
    ] == [(kind, True, True)]
    assert [(part.outcome, part.is_bad) for part in recording.left_out] == [(outcome, True)]
    assert np.isnan(seen.values["oi_prev"][0, 0])


@pytest.mark.parametrize(
    ("strike", "reason"),
    [(2_390_000, "cannot be one"), (250_000, "far from the index"), (1, "cannot be one")],
)
def test_a_strike_of_another_scale_costs_its_options(
    tmp_path: Path, answer: Answer, strike: float, reason: str
) -> None:
    document = answer(0)
    entry = document["records"]["data"][0]
    for part in (entry, entry["CE"], entry["PE"]):
        part["strikePrice"] = strike
    (tmp_path / "poll.json").write_text(json.dumps(document), "utf-8")
    recording = Recording.open(tmp_path)
    seen = recording.snapshot("NIFTY", recording.cycles()[0])
    assert seen is not None
    assert len(seen.contracts.strike) == 14
    assert [(part.kind, reason in part.reason) for part in recording.left_out] == [
        ("damaged", True)
    ] * 2


def test_an_answer_in_paise_is_refused(tmp_path: Path, answer: Answer) -> None:
    document = answer(0)
    for entry in document["records"]["data"]:
        for part in (entry, entry["CE"], entry["PE"]):
            part["strikePrice"] = (
                entry["CE"]["strikePrice"] * 100 if part is entry else part["strikePrice"] * 100
            )
    (tmp_path / "poll.json").write_text(json.dumps(document), "utf-8")
    with pytest.raises(BadInput, match="strikePrice of CE is missing or cannot be one"):
        Recording.open(tmp_path)


@pytest.mark.parametrize(
    ("side", "row", "price"), [("CE", 0, 1e9), ("PE", 0, 12_000.0), ("CE", 1, 24_100.0)]
)
def test_a_price_that_no_option_has_is_none_and_named(
    tmp_path: Path, answer: Answer, side: str, row: int, price: float
) -> None:
    document = answer(0)
    document["records"]["data"][row][side]["lastPrice"] = price
    (tmp_path / "poll.json").write_text(json.dumps(document), "utf-8")
    recording = Recording.open(tmp_path)
    seen = recording.snapshot("NIFTY", recording.cycles()[0])
    assert seen is not None
    assert np.isnan(seen.values["last"]).sum() == 1
    assert not np.isnan(seen.values["oi"]).any()
    assert [
        (part.kind, "is no price" in part.reason, side in part.reason)
        for part in recording.left_out
    ] == [("damaged", True, True)]


def test_answers_of_one_instant_that_disagree_on_the_index_are_disputed(
    tmp_path: Path, answer: Answer
) -> None:
    for day, spot in ((date(2026, 8, 25), 24_052.4), (date(2026, 9, 1), 24_252.4)):
        document = of_expiry(answer(0), day)
        document["records"]["underlyingValue"] = spot
        (tmp_path / f"{day}.json").write_text(json.dumps(document), "utf-8")
    recording = Recording.open(tmp_path)
    seen = recording.snapshot("NIFTY", recording.cycles()[0])
    assert seen is not None
    assert (seen.spot.spot, seen.spot.spot_source) == (24_152.4, "disputed")


def test_folders_of_days_are_read(tmp_path: Path, answer: Answer) -> None:
    for minute in range(3):
        folder = tmp_path / f"2026-08-19/{minute}"
        folder.mkdir(parents=True)
        (folder / "poll.json").write_text(json.dumps(answer(minute)), "utf-8")
    assert len(Recording.open(tmp_path).cycles()) == 3


@pytest.mark.parametrize(
    ("name", "left_out"),
    [
        ("nse-v3", {}),
        ("nse-same-answer-twice", {"copy": 1}),
        ("nse-one-empty", {"no_answer": 1}),
        ("nse-spot-zero", {}),
    ],
)
def test_inputs_from_the_field_are_one_cycle_each(
    shared: Path, name: str, left_out: dict[str, int]
) -> None:
    recording = Recording.open(shared / "data/field" / name)
    assert len(recording.cycles()) == 1
    assert kinds(recording) == left_out
    if name == "nse-one-empty":
        with pytest.raises(BadInput, match=r"1521\.json"):
            Recording.open(shared / "data/field" / name, strict=True)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('"RELIANCE"', "is no index"),
        ('"BANKNIFTY"', "BANKNIFTY, which was not asked for"),
    ],
)
def test_a_directory_without_anything_that_was_asked_for_says_so(
    tmp_path: Path, answer: Answer, text: str, reason: str
) -> None:
    for minute in range(2):
        (tmp_path / f"{minute}.json").write_text(
            json.dumps(answer(minute)).replace('"NIFTY"', text), "utf-8"
        )
    with pytest.raises(BadInput, match=reason):
        Recording.open(tmp_path, indices={"NIFTY"})


def test_a_directory_of_expired_options_says_so(tmp_path: Path, answer: Answer) -> None:
    (tmp_path / "late.json").write_text(
        json.dumps(answer(0)).replace("19-Aug-2026", "09-Sep-2026"), "utf-8"
    )
    with pytest.raises(BadInput, match="had expired on 2026-08-25"):
        Recording.open(tmp_path)


@pytest.mark.parametrize("absurd", [2_405_240.0, 24.05, 1.0])
def test_an_absurd_print_of_one_answer_leaves_that_of_the_others(
    tmp_path: Path, answer: Answer, absurd: float
) -> None:
    for day, spot in ((date(2026, 8, 25), absurd), (date(2026, 9, 1), 24_052.4)):
        document = of_expiry(answer(0), day)
        document["records"]["underlyingValue"] = spot
        (tmp_path / f"{day}.json").write_text(json.dumps(document), "utf-8")
    recording = Recording.open(tmp_path)
    seen = recording.snapshot("NIFTY", recording.cycles()[0])
    assert seen is not None
    assert (seen.spot.spot, seen.spot.spot_source) == (24_052.4, "live")
