"""Every study takes an instant, or says why it takes none; every study is offered, or says why."""

from __future__ import annotations

import json
import shutil
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import g6
from g6.adapters.data_dir.day_documents import DayDocuments
from g6.adapters.parquet import ParquetStore
from g6.bootstrap.stored_files.certified_days import stored_days
from g6.config import calendar, load
from g6.domain.cycles.cycle import Unit, isoformat_z, parse_z
from g6.domain.market.lots import lots_on
from g6.domain.quotes.participants import FIGURES
from g6.domain.schema.frame import Frame
from g6.domain.schema.json_reading import part
from g6.domain.schema.layout import Folder
from g6.entrypoints.cli import main
from g6.entrypoints.web.study_answers import offered
from g6.errors import NothingToDo, UserError
from g6.simulation import SimulatedMarket
from g6.studies.parameters import fields_of
from g6.studies.study_limits import NOT_FROM_ELSEWHERE, WITHOUT_AT
from g6.studies.table import STUDIES
from tests.worlds.pipeline import FIRST, World

MINUTES = 4
SIX = ("NIFTY", "BANKNIFTY", "FINNIFTY", "MIDCPNIFTY", "SENSEX", "BANKEX")


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory with a few cycles of which one is missing."""
    directory: Path = tmp_path_factory.mktemp("asked")
    world = World(store=ParquetStore(directory))  # type: ignore[arg-type]
    for minute in range(MINUTES):
        if minute != 1:
            world.cycle(cycle(minute))
    return directory


def cycle(minute: int) -> str:
    return isoformat_z(parse_z(FIRST) + timedelta(minutes=minute))


def after(minute: int) -> datetime:
    """Return an instant at which a cycle is known and the next one is not."""
    return parse_z(cycle(minute)) + timedelta(seconds=30)


@pytest.mark.parametrize("study", STUDIES, ids=lambda study: study.name)
def test_a_study_takes_an_instant_or_says_why_not(study: Any) -> None:
    takes = "at" in {field.name for field in fields_of(study.parameters)}
    assert takes != (study.name in WITHOUT_AT)
    if not takes:
        reason, fix = WITHOUT_AT[study.name]
        assert reason
        assert fix
        with pytest.raises(UserError, match=f"{study.name} takes no at: ") as refused:
            getattr(g6.ask, study.name)(at="11:02")
        # Python names arguments where the command line names options, commands apart.
        for field in fields_of(study.parameters):
            if fix.startswith(f"{field.option} "):
                fix = fix.replace(f"{field.option} ", f"{field.name}=")
        assert refused.value.fix == fix


@pytest.mark.parametrize("words", ["data size", "providers", "retention-scan", "ps"])
def test_a_command_without_a_past_says_why(
    words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place = [] if words == "providers" else ["--data-dir", str(tmp_path)]
    assert main([*words.split(), "--at", "11:02", *place]) == 2
    assert "takes no at: " in capsys.readouterr().err


def test_a_study_is_offered_to_others_or_says_why_not() -> None:
    names = {study.name for study in STUDIES}
    assert set(WITHOUT_AT) | set(NOT_FROM_ELSEWHERE) <= names
    assert {study.name for study in offered()} == names - set(NOT_FROM_ELSEWHERE)
    assert all(NOT_FROM_ELSEWHERE.values())


def asked(study: str, directory: Path, at: object, **values: Any) -> Any:
    return json.loads(getattr(g6.ask, study)(data_dir=directory, at=at, **values).to_json())


def test_coverage_and_gaps_are_those_of_the_cycles_up_to_then(directory: Path) -> None:
    day = asked("coverage", directory, after(0), index="NIFTY")
    assert [line["OK"] for line in day] == [1]
    later = asked("coverage", directory, after(3), index="NIFTY")
    assert [line["OK"] for line in later] == [3]
    # The cycle that is missing shows once an interval has passed in which it could still come.
    assert not [gap for gap in asked("gaps", directory, after(0), index="NIFTY") if gap_of(gap, 1)]
    assert [gap for gap in asked("gaps", directory, after(3), index="NIFTY") if gap_of(gap, 1)]


def gap_of(gap: Any, minute: int) -> bool:
    """Tell whether a cycle lies in a gap."""
    return bool(gap["from"] <= cycle(minute) <= gap["to"])


def test_the_catalogue_tells_what_was_stored_then_without_its_files(directory: Path) -> None:
    lines = [one for one in asked("catalogue", directory, after(2)) if one["index"] == "NIFTY"]
    assert [(one["cycles"], one["first"], one["last"]) for one in lines] == [
        (2, cycle(0), cycle(2)),
    ]
    assert {(one["bytes"], one["files"]) for one in lines} == {(None, "")}
    held = {one["name"] for one in asked("stored_days", directory, after(0))}
    assert {"NIFTY", "overview"} <= held
    with pytest.raises(NothingToDo, match="up to"):
        g6.ask.stored_days(data_dir=directory, at=parse_z(FIRST) - timedelta(days=1))
    with pytest.raises(NothingToDo, match="the first day there is"):
        g6.ask.coverage(data_dir=directory, at=parse_z(FIRST) - timedelta(days=40))


def test_folding_changes_no_answer_about_an_instant(tmp_path: Path) -> None:
    world = World(store=ParquetStore(tmp_path))  # type: ignore[arg-type]
    for minute in range(2):
        world.cycle(cycle(minute))
    at = after(0)
    questions = ("coverage", "gaps", "catalogue", "stored_days")
    before = [asked(study, tmp_path, at) for study in questions]
    history = stored_days(load(None, {"data_dir": str(tmp_path), "demo_dir": str(tmp_path)}))
    for name in (*world.runtime.plan.indices, "overview"):
        history.compact(name, parse_z(FIRST).date())
    assert [asked(study, tmp_path, at) for study in questions] == before
    certificate = g6.ask.certificate(data_dir=tmp_path, at="2126-01-01")
    assert certificate.certificate.version == 1
    # It was issued by the wall's clock, after the simulated instant.
    issued = parse_z(certificate.certificate.issued_at)
    with pytest.raises(NothingToDo, match="issued by"):
        g6.ask.certificate(data_dir=tmp_path, at=issued - timedelta(seconds=1))


def test_a_snapshot_is_inspected_as_of_one_instant(directory: Path) -> None:
    assert cycle(2) in g6.ask.inspect("NIFTY", at=after(2), data_dir=directory).snapshot
    # Of two instants the earlier one counts.
    named = f"NIFTY@{after(2).isoformat()}"
    assert cycle(0) in g6.ask.inspect(named, at=after(0), data_dir=directory).snapshot
    with pytest.raises(UserError, match="is a file"):
        g6.ask.inspect("rows.parquet", at=after(0), data_dir=directory)


def test_figures_are_verified_of_the_units_up_to_then(directory: Path) -> None:
    verification = g6.ask.verify(cycles=1, at=after(0), data_dir=directory)
    everything = g6.ask.verify(cycles=1, data_dir=directory)
    assert verification.stored < everything.stored
    assert verification.passes
    with pytest.raises(NothingToDo, match="the first is of"):
        g6.ask.verify(at=parse_z(FIRST) - timedelta(hours=1), data_dir=directory)


def test_a_later_repair_changes_no_sample_of_an_instant(directory: Path, tmp_path: Path) -> None:
    repaired = tmp_path / "repaired"
    shutil.copytree(directory, repaired)
    asked_at = [asked("verify", repaired, after(3), cycles=2) for _ in range(2)]
    everything = g6.ask.verify(cycles=1, data_dir=repaired).stored
    store = ParquetStore(repaired)
    late = parse_z(cycle(3)).timestamp() + 3600.0
    for index in ("NIFTY", "BANKNIFTY"):
        frame = store.read_chain(Unit(cycle(0), index))
        assert frame is not None
        instants = {
            "timestamp": np.full(len(frame), parse_z(cycle(1)).timestamp()),
            "observed_at": np.full(len(frame), late),
        }
        stamp = {**part(frame.header, "stamp"), "cycle": cycle(1)}
        rows = Frame({**frame.header, "stamp": stamp}, {**frame.columns, **instants})
        store.write_chain(Unit(cycle(1), index), rows)
    assert g6.ask.verify(cycles=1, data_dir=repaired).stored == everything + 2
    assert asked("verify", repaired, after(3), cycles=2) == asked_at[0] == asked_at[1]


def test_the_calendar_is_of_the_indices_that_were_collected_then(
    directory: Path, tmp_path: Path
) -> None:
    def indices(place: Path, at: datetime | None) -> set[str]:
        month = g6.ask.calendar(at=at, from_dumps=True, data_dir=place)
        return {*month.unknown}.union(*month.origins.values())

    assert len(indices(directory, None)) == 6
    # Nothing says which configuration it was: the indices of the rows count.
    assert indices(directory, after(2)) == {"NIFTY", "BANKNIFTY"}
    assert len(indices(directory, parse_z(FIRST) - timedelta(hours=1))) == 6
    configured = tmp_path / "configured"
    shutil.copytree(directory, configured)
    (config_id,) = asked("catalogue", configured, after(2))[0]["config_ids"]
    enabled = {name: {"enabled": name in ("NIFTY", "SENSEX")} for name in SIX}
    file = configured / Folder.CONFIGS / f"{config_id}.json"
    file.parent.mkdir()
    file.write_text(json.dumps({"settings": {"index_params": enabled}}), encoding="utf-8")
    assert indices(configured, after(2)) == {"NIFTY", "SENSEX"}


def test_the_calendar_is_that_of_its_month_with_what_was_listed_then(tmp_path: Path) -> None:
    market = SimulatedMarket(calendar())
    store = ParquetStore(tmp_path)
    for day in ("2026-11-18", "2026-11-26"):
        store.keep_listing(market.listing("NIFTY", parse_z(f"{day}T05:30:00Z")), "NFO")
    month = g6.ask.calendar(at="2026-11-19", from_dumps=True, data_dir=tmp_path)
    assert month.first == date(2026, 11, 1)
    assert list(month.origins) == ["the instrument dump kept on 2026-11-18"]


def test_lots_and_rules_are_those_of_the_day() -> None:
    day = date(2025, 11, 18)
    stated = {(line.root, line.units) for line in g6.ask.lots(at="2025-11-18").table}
    assert stated >= {("NIFTY", lot.units) for lot in lots_on("NIFTY", day)} > {("NIFTY", 65)}
    rules = g6.ask.market_rules(at="2025-11-18").lines
    assert all(line.since is None or line.since <= day for line in rules)
    weekdays = [line.says for line in rules if (line.rule, line.of) == ("weekday", "NSE")]
    assert weekdays == ["expiry on Tuesday, on a holiday the trading day before"]


def test_participants_are_those_that_were_published(tmp_path: Path) -> None:
    documents = DayDocuments(tmp_path / Folder.PARTICIPANTS)
    for day in (date(2026, 11, 17), date(2026, 11, 18)):
        kinds = [{"participant": name, **dict.fromkeys(FIGURES, 1.0)} for name in ("FII", "TOTAL")]
        documents.put(day, {"day": day.isoformat(), "participants": kinds})
    lines = g6.ask.participants(at="2026-11-18 11:00", data_dir=tmp_path).lines
    assert {line.day for line in lines} == {date(2026, 11, 17)}
    with pytest.raises(NothingToDo, match="the first kept day is 2026-11-17"):
        g6.ask.participants(at="2026-11-17 11:00", data_dir=tmp_path)
