"""A damaged file of the outbox: what can be read stays, and nothing is lost that need not be."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from g6.adapters.data_dir.alarm_log_file import AlarmLogFile
from g6.adapters.data_dir.outbox import OutboxFile
from g6.domain.alarms import Alarm, AlarmMemory
from g6.domain.reports import OutboxEntry, SubscriberPosition
from g6.errors import BadInput

MANY = 400
PLACE = (SubscriberPosition("7-0", 7), "2026-11-18T05:30:00Z")


def alarms(count: int) -> list[Alarm]:
    return [Alarm(f"rule {n}", "NIFTY", PLACE[1], "a sentence " * 8) for n in range(count)]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "rows" / ".outbox" / "alarms.sqlite"
    log = AlarmLogFile(path)
    log.note(alarms(MANY), ["1 (json)"], 1.0, AlarmMemory(), PLACE)
    log.mute("rule 3", 1e12)
    log.close()
    return path


def overwrite(path: Path, at: int, content: bytes) -> None:
    with path.open("r+b") as file:
        file.seek(at)
        file.write(content)


def spoil_head(path: Path) -> None:
    overwrite(path, 0, b"\0" * 64)


def spoil_page(path: Path) -> None:
    # Among the pages of alarms, behind those of the schema and of the small tables.
    overwrite(path, 4096 * 12, b"\xff" * 4096)


def cut(path: Path) -> None:
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size // 2)


@pytest.mark.parametrize(
    ("spoil", "least"), [(spoil_head, MANY), (spoil_page, MANY - 40), (cut, MANY // 4)]
)
def test_alarms_mutes_and_place_outlive_a_damage(
    path: Path, spoil: Callable[[Path], None], least: int
) -> None:
    spoil(path)
    damaged = path.read_bytes()
    salvage = AlarmLogFile.mended(path)
    assert salvage.aside is not None
    assert salvage.aside.read_bytes() == damaged
    log = AlarmLogFile(path)
    entries = log.log(MANY)
    assert least <= len(entries) <= MANY
    assert {entry.alarm for entry in entries} <= set(alarms(MANY))
    assert log.position() == PLACE
    assert log.mutes(2.0) == {"rule 3": 1e12}
    log.note(alarms(1), ["1 (json)"], 3.0, AlarmMemory(), PLACE)
    log.close()
    assert AlarmLogFile.mended(path).aside is None


def test_a_file_that_is_no_database_says_how_it_is_mended(path: Path) -> None:
    path.write_text("nothing of SQLite", "utf-8")
    with pytest.raises(BadInput) as raised:
        AlarmLogFile(path)
    assert raised.value.fix == f"g6 alert mend --data-dir {path.parent.parent}"
    AlarmLogFile.mended(path)
    assert AlarmLogFile(path).log(9) == []


def test_a_damage_that_shows_later_says_the_same(path: Path) -> None:
    log = AlarmLogFile(path)
    with log._change() as file:
        file.execute("update alarm set outcome = 'no word'")
        file.execute("update place set memory = '{'")
    for question in (lambda: log.log(1), log.memory):
        with pytest.raises(BadInput, match="is damaged"):
            question()
    log.close()


def test_units_that_may_be_lost_are_filled_from_the_store(tmp_path: Path) -> None:
    path = tmp_path / ".outbox" / "influx.sqlite"
    outbox = OutboxFile(path, 100_000)
    cycles = [
        f"2026-11-18T{4 + n // 360:02}:{n // 6 % 60:02}:{n % 6 * 10:02}Z" for n in range(2000)
    ]
    outbox.note([OutboxEntry(cycle, "NIFTY", 42, 1.0) for cycle in cycles], PLACE[0])
    outbox.close()
    cut(path)
    assert OutboxFile.mended(path).aside is not None
    mended = OutboxFile(path, 100_000)
    (span,) = mended.missed()
    assert (span.first, span.last, span.reason) == (cycles[0], cycles[-1], "damaged")
    assert 0 < mended.state().units < len(cycles)
    mended.close()
