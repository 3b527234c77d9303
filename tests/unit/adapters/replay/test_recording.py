"""What a path holds, and which expiries of it are collected."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from g6.adapters.replay import Recording
from g6.config import calendar
from g6.domain.cycles.plan import IndexPlan, Plan
from g6.domain.market.expiry import resolve
from g6.domain.market.instrument import INDICES
from g6.errors import BadInput

Rows = list[dict[str, Any]]
Write = Callable[..., Path]
Answer = Callable[[int], dict[str, Any]]


def test_one_answer_and_a_directory_of_them_are_recordings(
    answers_dir: Path, instants: tuple[datetime, ...]
) -> None:
    assert Recording.open(answers_dir).cycles() == instants
    one = Recording.open(answers_dir / "NIFTY_2.json")
    assert (one.kind, one.cycles()) == ("nse", instants[2:])


def test_every_expiry_is_collected_and_those_without_a_bucket_by_number(
    rows: Rows, table_file: Write, instants: tuple[datetime, ...]
) -> None:
    recording = Recording.open(table_file(rows))
    listed = recording.snapshot("NIFTY", instants[0]).contracts.expiries  # type: ignore[union-attr]
    found = resolve(
        listed, instants[0], calendar(), "NSE", recording.rules("NIFTY"), underlying="NIFTY"
    )
    assert [(slot.bucket, slot.mask) for slot in found.slots] == [
        ("this_week", 5),
        ("next_week", 2),
        ("nth_3", 0),
    ]
    assert found.expected_mask == 7


def test_the_plan_is_cut_to_what_is_recorded(rows: Rows, table_file: Write) -> None:
    recording = Recording.open(table_file(rows))
    indices = {name: IndexPlan(INDICES[name], ("this_week",)) for name in ("NIFTY", "SENSEX")}
    planned = recording.planned(Plan(60, indices))
    assert list(planned.indices) == ["NIFTY"]
    assert planned.indices["NIFTY"].rules == recording.rules("NIFTY")
    with pytest.raises(BadInput, match="none is enabled"):
        recording.planned(Plan(60, {"SENSEX": indices["SENSEX"]}))


def test_indices_are_those_of_the_instant(
    answers_dir: Path, answer: Answer, instants: tuple[datetime, ...]
) -> None:
    document = json.loads(
        json.dumps(answer(0)).replace('"NIFTY"', '"BANKNIFTY"').replace("11:27:00", "11:27:30")
    )
    (answers_dir / "bank.json").write_text(json.dumps(document), "utf-8")
    recording = Recording.open(answers_dir)
    between = instants[0] + timedelta(seconds=30)
    assert recording.cycles() == (instants[0], between, *instants[1:])
    assert recording.indices(between) == ("BANKNIFTY",)
    assert recording.indices(instants[1]) == ("NIFTY",)
    assert recording.snapshot("NIFTY", between) is None


@pytest.mark.parametrize("path", ["nothing", "."])
def test_what_is_no_recording_is_refused(tmp_path: Path, path: str) -> None:
    with pytest.raises(BadInput, match=r"is not there|is no recording"):
        Recording.open(tmp_path / path)


def test_answers_and_tables_together_are_refused(
    answers_dir: Path, rows: Rows, table_file: Write
) -> None:
    table_file(rows).rename(answers_dir / "day.parquet")
    with pytest.raises(BadInput, match="both"):
        Recording.open(answers_dir)


def test_facts_name_file_span_and_cycles(rows: Rows, table_file: Write) -> None:
    facts = Recording.open(table_file(rows)).facts()
    assert facts["cycles"] == 3
    assert facts["first"] == datetime(2026, 8, 19, 5, 57, tzinfo=UTC).isoformat().replace(
        "+00:00", "Z"
    )
