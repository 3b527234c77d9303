"""A study gives the same figures in Python, on the command line and over HTTP."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

import g6
from g6.adapters.panel_files import PanelFiles
from g6.adapters.parquet import ParquetStore
from g6.domain.cycles.cycle import isoformat_z, parse_z
from g6.entrypoints.cli import main
from g6.entrypoints.web.study_answers import FIXED, offered, offered_fields
from g6.errors.machine_places import hide_places
from g6.studies.parameters import fields_of
from g6.studies.table import Study
from tests.worlds.pipeline import FIRST, World
from tests.worlds.web.asked_over_http import StudyClient, client_of

CYCLES = 24
NEEDED: dict[str, object] = {
    "index": "NIFTY",
    "words": "NIFTY",
    "snapshot": "NIFTY",
    "month": "2026-11",
}
"""What is asked, of a study that has the parameter."""
NOT_HERE = {
    "certificate": "no day is certified here; asked of certified ones in test_certificates",
    "health": "no system runs; asked of one in test_description_for_programs",
    "participants": "no file of the exchange is kept; asked in test_instants_of_studies",
    "pruning_plan": "asked with days alone",
    "status": "no system runs; asked of one in test_description_for_programs",
    "trace": "no system runs; asked of one in test_description_for_programs",
    "workers": "no system runs; asked of one in test_description_for_programs",
}
"""Studies of which nothing is there, with the reason."""


class Asked:
    """A data directory with some cycles, and a client of it."""

    def __init__(self, directory: Path) -> None:
        world = World(store=ParquetStore(directory))  # type: ignore[arg-type]
        for minute in range(CYCLES):
            world.cycle(isoformat_z(parse_z(FIRST) + timedelta(minutes=minute)))
        PanelFiles(directory / "panels").put(world.runtime.panels.all())
        self.directory = directory
        self.client: StudyClient = client_of(directory)


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Asked:
    return Asked(tmp_path_factory.mktemp("figures"))


def questions(study: Study) -> dict[str, object]:
    """Return the parameters that a study is asked with."""
    if study.name == "verify":
        return {"cycles": 2}
    return {
        field.name: NEEDED[field.name]
        for field in offered_fields(study)
        if field.name in NEEDED and (field.is_required or field.name in ("index", "month"))
    }


def over_http(asked: Asked, study: Study) -> Any:
    query = "&".join(f"{name}={value}" for name, value in questions(study).items())
    answer = asked.client.get(f"/v1/{study.name}?{query}")
    assert answer.status_code == 200, answer.text
    return answer.json()["data"]


def in_python(asked: Asked, study: Study) -> Any:
    fixed = {
        field.name: FIXED[field.name]
        for field in fields_of(study.parameters)
        if field.name in FIXED
    }
    place = {"data_dir": asked.directory} if study.settings else {}
    answer = getattr(g6.ask, study.name)(**questions(study), **fixed, **place)
    return json.loads(answer.to_json())


@pytest.mark.parametrize("study", offered(), ids=lambda study: study.name)
def test_python_and_http_give_the_same_figures(asked: Asked, study: Study) -> None:
    if study.name in {*NOT_HERE, "day_estimate"}:
        pytest.skip(NOT_HERE.get(study.name, "asked with days alone"))
    # Who asks from elsewhere is told no path of the machine.
    assert over_http(asked, study) == hide_places(in_python(asked, study))


@pytest.mark.parametrize(
    "study",
    [study for study in offered() if not study.words.startswith("plot ")],
    ids=lambda study: study.name,
)
def test_the_command_gives_the_same_figures(
    asked: Asked, study: Study, capsys: pytest.CaptureFixture[str]
) -> None:
    if study.name in {*NOT_HERE, "unanswered_expiries"}:
        pytest.skip(NOT_HERE.get(study.name, "g6 config check says more than the study"))
    given = questions(study)
    words = [*study.words.split()]
    for field in fields_of(study.parameters):
        if field.name in FIXED:
            words.append(field.option)
        elif field.name in given:
            value = str(given[field.name])
            words += [value] if field.parameter.is_positional else [field.option, value]
    if study.settings:
        words += ["--data-dir", str(asked.directory)]
    main([*words, "--json"])
    lines = capsys.readouterr().out
    try:
        printed = json.loads(lines)
    except ValueError:
        printed = [json.loads(line) for line in lines.splitlines()]
    assert hide_places(printed) == over_http(asked, study)
