"""What is said of a system that was killed: what its next start ends, if anything still runs."""

from __future__ import annotations

import json
import os
import socket
from pathlib import Path

import pytest

from g6.adapters.data_dir.killed_systems import identity_of
from g6.bootstrap.reading.day_reading import DayReading
from g6.bootstrap.wiring import redis_url
from g6.config import load
from g6.domain.schema.layout import Folder
from g6.entrypoints.cli.shared import manual
from g6.entrypoints.machine.processes import Roster
from g6.entrypoints.machine.study_reading import machine_reader
from g6.errors import Unavailable

GONE = {"pid": 2**22 - 3, "started": 1.0}


@pytest.mark.parametrize(
    ("child", "does_run"), [(identity_of(os.getpid()), True), (GONE, False)], ids=["runs", "gone"]
)
def test_only_what_still_runs_is_ended_by_the_next_start(
    tmp_path: Path, child: dict[str, float], does_run: bool
) -> None:
    settings = load("", {"data_dir": tmp_path, "demo_dir": tmp_path}, {})
    rosters = settings.directory / Folder.RUNNING
    rosters.mkdir(parents=True)
    record = {
        "host": socket.gethostname(),
        "who": "g6 up",
        "supervisor": GONE,
        "processes": [{"name": "beat", **child}],
    }
    (rosters / "1.json").write_text(json.dumps(record), "utf-8")
    with pytest.raises(Unavailable) as caught:
        redis_url(settings)
    assert ("ends what it left running" in caught.value.fix) is does_run
    assert "g6 up starts it again" in caught.value.fix


def test_the_evening_check_knows_that_a_system_was_killed(tmp_path: Path) -> None:
    settings = load("", {"data_dir": tmp_path, "demo_dir": tmp_path}, {})
    day = DayReading(settings, machine_reader(settings))
    assert not day.was_killed
    rosters = settings.directory / Folder.RUNNING
    rosters.mkdir(parents=True)
    record = {"host": socket.gethostname(), "who": "g6 up", "processes": []}
    living = identity_of(os.getpid())
    for supervisor, was_killed in ((living, False), (GONE, True)):
        (rosters / "1.json").write_text(json.dumps(record | {"supervisor": supervisor}), "utf-8")
        assert day.was_killed is was_killed


def test_workers_of_one_command_do_not_end_a_day_in_order(tmp_path: Path) -> None:
    settings = load("", {"data_dir": tmp_path, "demo_dir": tmp_path}, {})
    day = DayReading(settings, machine_reader(settings))
    rosters = settings.directory / Folder.RUNNING
    rosters.mkdir(parents=True)
    record = {"host": socket.gethostname(), "supervisor": GONE, "processes": []}
    (rosters / "1.json").write_text(json.dumps(record | {"who": "g6 up"}), "utf-8")
    (rosters / "2.json").write_text(json.dumps(record | {"collects": False}), "utf-8")
    with manual.system(settings):
        assert day.was_killed
    assert day.was_killed
    assert [path.name for path in rosters.iterdir()] == ["1.json"]
    Roster(rosters).end_orphans(0.1)
    assert not day.was_killed


def test_a_command_that_was_killed_leaves_the_day_as_it_was(tmp_path: Path) -> None:
    settings = load("", {"data_dir": tmp_path, "demo_dir": tmp_path}, {})
    day = DayReading(settings, machine_reader(settings))
    roster = Roster(settings.directory / Folder.RUNNING, collects=False)
    roster.write([])
    record = json.loads(roster.path.read_text("utf-8"))
    roster.path.write_text(json.dumps(record | {"supervisor": GONE}), "utf-8")
    assert not day.was_killed
