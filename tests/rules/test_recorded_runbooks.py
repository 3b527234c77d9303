"""What runbooks tell to ask speaks of the fault, on rows that were stored while it lasted."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from g6.adapters.memory.bus import MemoryBus
from g6.adapters.parquet import ParquetStore
from g6.bootstrap.quote_sources.simulated_source import simulated_market
from g6.domain.cycles.cycle import Unit, isoformat_z
from g6.domain.market.calendar import IST
from g6.domain.schema.words import STAGES
from g6.entrypoints.cli import main
from g6.observability.catalogue.alerts import ALERTING_RULES
from tests.observe.healthy_day import day_settings, runtime_of
from tests.pager.recorded import DAY, PLANTED, Spoiled
from tests.pager.recordings import RECORDED
from tests.pager.runbooks import BOOKS

RECORDINGS = {recording.name: recording for recording in RECORDED}
PAGES = {rule.id: rule.runbook for rule in ALERTING_RULES}
ASKED = (
    ("half of the strikes", "G6CyclePartial", "g6 data gaps --index NIFTY", "strikes missing"),
    ("gap after gap", "G6ErrorBudgetFast", "g6 data gaps --index NIFTY", "provider"),
    ("one unit lost", "G6ErrorBudgetSlow", "g6 data gaps --index NIFTY", "provider"),
)


def said(command: str, directory: Path, capsys: pytest.CaptureFixture[str]) -> str:
    """Return what a command of a page says of a directory."""
    main([*command.split()[1:], "--data-dir", str(directory)])
    answer = capsys.readouterr()
    return answer.out + answer.err


@pytest.mark.parametrize(("fault", "alert", "command", "words"), ASKED)
def test_a_page_asks_what_speaks_of_its_fault(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    fault: str,
    alert: str,
    command: str,
    words: str,
) -> None:
    recording = RECORDINGS[fault]
    assert alert in recording.expected
    assert command in (BOOKS / PAGES[alert]).read_text("utf-8")
    planted = datetime.combine(DAY, PLANTED, IST)
    settings = day_settings(["NIFTY"], 3)
    market = Spoiled(simulated_market(settings), recording, planted, planted + timedelta(minutes=4))
    runtime = runtime_of(settings, MemoryBus(), market, ParquetStore(tmp_path))
    for minute in (-2, -1):
        unit = Unit(isoformat_z(planted + timedelta(minutes=minute)), "NIFTY")
        runtime.sender.stages(unit, STAGES)
    assert words not in said(command, tmp_path, capsys)
    for minute in range(4):
        unit = Unit(isoformat_z(planted + timedelta(minutes=minute)), "NIFTY")
        runtime.sender.stages(unit, STAGES)
    assert words in said(command, tmp_path, capsys)
