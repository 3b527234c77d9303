"""`g6 recompute`: which days, what of them is done already, and the reports that are waited for."""

from __future__ import annotations

from pathlib import Path

import pytest
from rich.console import Console

from g6.adapters.memory.bus import MemoryBus
from g6.adapters.memory.sender import MemorySender
from g6.domain.reports import RecomputeReport, VitalSigns, WorkerFacts, parse_report
from g6.entrypoints.cli.past import recomputing as recompute
from g6.entrypoints.cli.past.recomputing import Journal
from tests.unit.entrypoints.cli.conftest import Run, Stored

LOTS = [("2026-11-18", "NIFTY"), ("2026-11-18", "SENSEX"), ("2026-11-19", "NIFTY")]


class Workers:
    """Bus and sender of a system whose workers do a job when it is sent; `most` jobs, then none any more."""

    def __init__(self, most: int = 99, refused: str = "") -> None:
        self._refused = refused
        self.bus, self.done, self._most = MemoryBus(), list[tuple[str, str]](), most
        self.sender = self
        self.vitals = self

    def read(self) -> VitalSigns:
        return VitalSigns(workers={"cycle@here": WorkerFacts(queues=["manual"])})

    def job(self, name: str, day: str, index: str, pricing: str) -> None:
        assert (name, pricing) == ("recompute", "{}")
        if len(self.done) < self._most:
            self.done.append((day, index))
            report = {
                "job": "recompute",
                "index": index,
                "day": day,
                "units": 1,
                "options": 2,
                "changed": False,
                "seconds": 1.0,
            }
            if index == self._refused:
                report = {
                    "job": "recompute",
                    "index": index,
                    "day": day,
                    "error": "a newer version wrote it",
                }
            self.bus.publish(parse_report("job.report", report))


def run(workers: Workers, journal: Journal, lots: list[tuple[str, str]]) -> list[object]:
    return list(recompute._all(workers, lots, "{}", journal, Console(quiet=True)))  # type: ignore[arg-type]


def test_every_day_of_every_index_is_a_job_and_its_report_is_waited_for(tmp_path: Path) -> None:
    workers, journal = Workers(), Journal(tmp_path / "journal", "{}")
    assert len(run(workers, journal, LOTS)) == 3
    assert workers.done == journal.done == LOTS


def test_what_was_done_before_a_stop_is_known_to_the_next_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "journal"
    workers = Workers(most=2)
    monkeypatch.setattr(workers.bus, "read", stopping(workers.bus))
    with pytest.raises(KeyboardInterrupt):
        run(workers, Journal(path, "{}"), LOTS)
    again = Journal(path, "{}")
    assert again.done == LOTS[:2]
    assert Journal(path, '{"model": "nse"}').done == []
    again.close()
    assert not path.exists()


def test_a_day_that_is_refused_is_said_and_not_done(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    workers, journal = Workers(refused="SENSEX"), Journal(tmp_path / "journal", "{}")
    reports = run(workers, journal, LOTS)
    assert journal.done == [LOTS[0], LOTS[2]]
    recompute._show(Console(width=100), reports, 0, 1.0, as_json=False)  # type: ignore[arg-type]
    said = capsys.readouterr().out
    assert "2026-11-18  SENSEX      left as it is: a newer version wrote it" in said
    assert "2 days of indices, 0 changed" in said


def test_other_settings_without_another_figure_are_told_as_such(
    capsys: pytest.CaptureFixture[str],
) -> None:
    report = RecomputeReport("NIFTY", "2026-11-18", units=1, options=2, reconfigured=True)
    recompute._show(Console(width=100), [report], 0, 1.0, as_json=False)
    said = capsys.readouterr().out
    assert "1 cycle, 2 options: the same rows, under other settings" in said
    assert "1 day of indices, 0 changed, 1 under other settings alone; 2 options" in said


def stopping(bus: MemoryBus) -> object:
    """Reading that ends as Ctrl-C does once there is nothing to read."""
    read = bus.read

    def once(after: str, *, count: int = 500, block_seconds: float = 0.0) -> object:
        found = read(after, count=count)
        if not found:
            raise KeyboardInterrupt
        return found

    return once


def test_days_that_are_not_stored_are_said(g6: Run, stored: Stored) -> None:
    answer = g6("recompute", "--from", "2027-01-01", "--data-dir", str(stored.directory))
    assert (answer.code, "the first day there is 2026-11-18" in answer.err) == (3, True)


def test_an_index_that_is_not_stored_is_said_with_those_that_are(g6: Run, stored: Stored) -> None:
    answer = g6("recompute", "--index", "FOO", "--data-dir", str(stored.directory))
    assert answer.code == 3
    assert "no chain of FOO is stored in" in answer.err
    assert "NIFTY" in answer.err


def test_days_in_the_wrong_order_are_refused(g6: Run, stored: Stored) -> None:
    days = ("--from", "2026-11-19", "--to", "2026-11-18")
    answer = g6("recompute", *days, "--data-dir", str(stored.directory))
    assert answer.code not in (0, 3)
    assert "--to 2026-11-18 lies before --from 2026-11-19" in answer.err
    assert "g6 recompute --from 2026-11-18 --to 2026-11-19" in answer.err


def test_the_memory_sender_writes_jobs_down() -> None:
    sender = MemorySender()
    sender.job("recompute", "2026-11-18", "NIFTY", "{}")
    assert sender.sent == [("recompute", "2026-11-18", "NIFTY", "{}")]
