"""`g6.ask`: every study as a function, over a small store."""

from __future__ import annotations

import inspect
import json
import re
from datetime import date
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

import g6
from g6.adapters.parquet import ParquetStore
from g6.config import calendar
from g6.domain.cycles.cycle import parse_z
from g6.errors import NothingToDo, UserError
from g6.rendering.answers.option_words import of_python
from g6.rendering.pictures.kinds import KINDS, PictureKind
from g6.simulation import SimulatedMarket
from g6.studies.table import STUDIES, Study
from tests.worlds.stored_cycles import Stored


class Cells(HTMLParser):
    """The texts of all cells of an HTML document."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def interest(stored: Stored, **parameters: Any) -> Any:
    return g6.ask.interest("FINNIFTY", data_dir=stored.directory, **parameters)


def test_the_fields_of_the_document_are_attributes_of_the_answer(stored: Stored) -> None:
    answer = interest(stored, cycles=60)
    assert answer.index == "FINNIFTY"
    assert len(answer.cycles) == 2
    assert answer.cycles[-1].pcr > 0


def test_an_answer_says_as_text_what_the_command_prints(stored: Stored) -> None:
    text = str(interest(stored))
    assert "max pain" in text
    assert "11:03" in text
    assert repr(interest(stored)) == text


OPTION = re.compile(r"(?<![\w-])--[a-z]")


@pytest.mark.parametrize("study", STUDIES, ids=lambda study: study.name)
def test_no_function_is_described_with_options(study: Study) -> None:
    assert OPTION.findall(getattr(g6.ask, study.name).__doc__) == []


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_no_picture_is_described_with_options(kind: PictureKind) -> None:
    assert OPTION.findall(getattr(g6.plot, kind.name).__doc__) == []
    assert OPTION.findall(of_python(kind.study)(kind.fix)) == []


def test_the_fix_of_an_error_names_arguments(stored: Stored) -> None:
    with pytest.raises(UserError) as error:
        g6.ask.pruning_plan(at="11:02", data_dir=stored.directory)
    assert error.value.fix == "before=DAY names the days"


def test_a_notebook_shows_the_same_figures_as_a_table(stored: Stored) -> None:
    answer = interest(stored)
    cells = Cells()
    cells.feed(answer._repr_html_())
    assert "max pain" in cells.texts
    assert f"{answer.cycles[0].max_pain:,.0f}" in cells.texts


def test_a_data_frame_has_one_line_per_cycle_in_indias_time(stored: Stored) -> None:
    table = interest(stored).to_pandas()
    assert [f"{at:%H:%M}" for at in table["instant"]] == ["11:00", "11:03"]
    assert list(table["pcr"]) == [cycle.pcr for cycle in interest(stored).cycles]


def test_a_day_is_asked_for_its_quality_as_one_cycle_is(stored: Stored) -> None:
    day = g6.ask.quality(data_dir=stored.directory)
    assert "2026" in str(day)
    cycle = g6.ask.quality(at="11:03", data_dir=stored.directory)
    assert json.loads(cycle.to_json())["cycle"] == list(stored.frames)[-1]


def test_json_is_that_of_the_command(stored: Stored) -> None:
    document = json.loads(interest(stored).to_json())
    assert [cycle["instant"] for cycle in document["cycles"]] == list(stored.frames)


def test_parameters_may_be_texts_or_values(stored: Stored) -> None:
    ladder = next(iter(stored.frames.values())).columns["strike"]
    strikes = ladder[len(ladder) // 2 :][:2].tolist()
    text = ",".join(f"{strike:g}" for strike in strikes)
    assert interest(stored, strikes=strikes).cycles == interest(stored, strikes=text).cycles


def test_nothing_later_than_at_is_known(stored: Stored) -> None:
    first = next(iter(stored.frames))
    assert [cycle.instant.minute for cycle in interest(stored, at=first).cycles] == [30]
    with pytest.raises(NothingToDo):
        interest(stored, at="2026-11-18T05:29:00Z")


@pytest.mark.parametrize(
    ("parameters", "word"),
    [
        ({"cycles": 0}, "1 or more"),
        ({"cycles": "many"}, "not a number"),
        ({"strikes": "high"}, "24000,24100"),
        ({"at": "tomorrow"}, "instant"),
    ],
)
def test_a_value_that_cannot_be_is_refused(
    stored: Stored, parameters: dict[str, Any], word: str
) -> None:
    with pytest.raises(UserError, match=word):
        interest(stored, **parameters)


def test_a_parameter_that_there_is_not_is_a_type_error(stored: Stored) -> None:
    with pytest.raises(TypeError, match="day"):
        interest(stored, day=3)


def test_a_study_that_there_is_not_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="interest"):
        _ = g6.ask.intrest


OF_STORED = [study for study in STUDIES if study.reader == "stored"]


@pytest.mark.parametrize("study", OF_STORED, ids=lambda study: study.name)
def test_every_study_has_its_parameters_in_its_signature(study: Any) -> None:
    function = getattr(g6.ask, study.name)
    assert "at" in inspect.signature(function).parameters
    assert study.sentence in (function.__doc__ or "")
    assert study.name in dir(g6.ask)


@pytest.mark.parametrize("study", OF_STORED, ids=lambda study: study.name)
def test_every_study_of_stored_rows_answers_as_text_table_and_json(
    stored: Stored, study: Any
) -> None:
    if study.name == "scan":
        pytest.skip("two cycles are too few to know what is usual")
    answer = getattr(g6.ask, study.name)("FINNIFTY", data_dir=stored.directory)
    assert str(answer)
    assert "<table>" in answer._repr_html_()
    assert len(answer.to_pandas())
    json.loads(answer.to_json())


def test_a_month_of_sessions_is_asked_for_in_python(tmp_path: Path) -> None:
    month = g6.ask.calendar("2026-11", data_dir=tmp_path)
    holiday = next(day for day in month.days if day.day == date(2026, 11, 24))
    assert {hours.holiday for hours in holiday.hours} == {"Guru Nanak Jayanti"}
    expiring = next(day for day in month.days if day.day == date(2026, 11, 23)).expiring
    assert [line.index for line in expiring if line.monthly][:2] == ["NIFTY", "BANKNIFTY"]
    assert "2026-11-23" in month.to_json()
    assert "opens" in month.to_pandas().columns


def test_a_contract_is_looked_up_in_python(tmp_path: Path) -> None:
    at = "2026-11-20"
    search = g6.ask.instrument("search NIFTY 24000 2026-12-01", at=at, data_dir=tmp_path)
    symbols = [row.symbol for row in search.matches]
    assert symbols == ["NIFTY26D0124000CE", "NIFTY26D0124000PE"]
    page = g6.ask.instrument(symbols[0], at=at, data_dir=tmp_path).page
    assert (page.size["lot_size"], page.origin) == (65, "sim")
    (index,) = json.loads(g6.ask.instrument("NIFTY", at=at, data_dir=tmp_path).to_json())
    assert index["expiries"][0]["strikes"]


def test_studies_that_read_nothing_configured_take_no_directory() -> None:
    assert "data_dir" not in inspect.signature(g6.ask.lots).parameters
    assert {"sim", "kite"} <= {source.name for source in g6.ask.providers().sources}
    assert {lot.root for lot in g6.ask.lots().table} >= {"NIFTY", "SENSEX"}


def test_whether_a_provider_answers_is_asked_for_by_its_name(tmp_path: Path) -> None:
    answers = g6.ask.check(provider="sim", data_dir=tmp_path)
    assert answers.passes
    assert "NIFTY" in [answer.check for answer in answers.answers]


def test_indices_that_nobody_knows_do_not_hide_the_others(tmp_path: Path) -> None:
    at = parse_z("2026-11-02T05:30:00Z")
    ParquetStore(tmp_path).keep_listing(SimulatedMarket(calendar()).listing("NIFTY", at), "NFO")
    answer = g6.ask.expiries(from_dumps=True, at="2026-11-03", data_dir=tmp_path)
    assert [index.answers.index for index in answer.indices] == ["NIFTY"]
    assert "BANKNIFTY" in answer.unknown
    assert not answer.passes
    assert "BANKNIFTY  not known: no instruments of BANKNIFTY are kept" in str(answer)
