"""Parameters of studies: what is read from texts, and what is refused."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Annotated

import pytest

from g6.adapters.clocks import wall_time
from g6.domain.market.instants import MarketTime
from g6.errors import UserError
from g6.studies.parameters import At, Cycles, Index, Parameter, fields_of, made, numbers
from g6.studies.stored.days.past_span import PastQuestion
from g6.studies.stored.days.pruning_plan import PruningPlanParameters
from g6.studies.table import STUDIES

Levels = Annotated[
    tuple[float, ...] | None,
    Parameter("Levels.", "1,2", read=numbers("levels", "1,2")),
]
Side = Annotated[str, Parameter("The side.", "CE", choices=("CE", "PE"))]


@dataclass(frozen=True, slots=True)
class LevelParameters:
    """A study of levels."""

    index: Index
    levels: Levels = None
    side: Side = "CE"
    cycles: Cycles = 3
    at: At = None


def test_texts_and_values_are_the_same_parameters() -> None:
    texts = made(LevelParameters, {"index": "NIFTY", "levels": "1,2.5"})
    values = made(LevelParameters, {"index": "NIFTY", "levels": [1, 2.5]})
    assert texts == values


def test_an_instant_without_a_zone_is_indias() -> None:
    parameters = made(LevelParameters, {"index": "NIFTY", "at": "2026-11-20T10:30:00"}, wall_time())
    assert parameters.at == datetime(2026, 11, 20, 5, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2026-11-18", 18),
        ("18 Nov", 18),
        ("Wed 18 Nov 2026", 18),
        ("today", 20),
        ("yesterday", 19),
        ("-3d", 17),
    ],
)
def test_a_day_is_read_in_all_forms(text: str, day: int) -> None:
    noon = MarketTime.of(lambda: datetime(2026, 11, 20, 6, 30, tzinfo=UTC))
    parameters = made(PruningPlanParameters, {"before": text}, noon)
    assert parameters.before == date(2026, 11, day)


def test_a_clock_is_no_day() -> None:
    with pytest.raises(UserError, match="'11:02' is no day"):
        made(PruningPlanParameters, {"before": "11:02"}, wall_time())


@pytest.mark.parametrize(
    ("values", "fix"),
    [
        ({"levels": "high"}, "1,2"),
        ({"side": "X"}, "CE, PE"),
        ({"cycles": 0}, "1 or more"),
        ({"cycles": "3"}, "60"),
        ({"at": "noon"}, "2026-11-18 11:02"),
    ],
)
def test_what_cannot_be_is_refused_with_the_way_to_write_it(
    values: dict[str, object], fix: str
) -> None:
    with pytest.raises(UserError) as refused:
        made(LevelParameters, {"index": "NIFTY", **values}, wall_time())
    assert fix in refused.value.fix


@pytest.mark.parametrize("study", STUDIES, ids=lambda study: study.name)
def test_every_parameter_has_a_sentence_and_every_study_a_document(study: object) -> None:
    for field in fields_of(study.parameters):  # type: ignore[attr-defined]
        assert field.parameter.sentence.endswith(".")
    assert study.document.__doc__  # type: ignore[attr-defined]


NOON = MarketTime.of(lambda: datetime.fromisoformat("2026-11-20T06:30:00Z"))


def test_a_bare_time_is_of_the_one_day_that_is_asked_about() -> None:
    question = {"first": "2026-11-17", "last": "2026-11-17", "since": "9:30", "at": "11:02"}
    asked = made(PastQuestion, question, NOON)
    assert asked.at == datetime(2026, 11, 17, 5, 32, tzinfo=UTC)
    assert asked.since == datetime(2026, 11, 17, 4, 0, tzinfo=UTC)
    newest = made(PastQuestion, {"at": "11:02"}, NOON)
    assert newest.at == datetime(2026, 11, 20, 5, 32, tzinfo=UTC)


@pytest.mark.parametrize("last", ["2026-11-18", None])
def test_a_bare_time_beside_several_days_is_refused_with_a_fix_that_is_read(
    last: str | None,
) -> None:
    question = {"first": "2026-11-17", "last": last}
    with pytest.raises(UserError, match="11:02 names no day") as refused:
        made(PastQuestion, question | {"at": "11:02"}, NOON)
    written = refused.value.fix.partition(": ")[2]
    asked = made(PastQuestion, question | {"at": written}, NOON)
    assert asked.at == datetime(2026, 11, 17, 5, 32, tzinfo=UTC)
