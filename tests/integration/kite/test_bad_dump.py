"""An odd or unusable instrument dump: what a person is told, and how often it is asked for."""

from __future__ import annotations

import io
import time
from pathlib import Path

import pytest
from rich.console import Console

from g6.bootstrap.reading.study_readers import provider_reader
from g6.config import Settings, load
from g6.domain.cycles.cycle import parse_z
from g6.domain.documents.status import runtime_status
from g6.domain.documents.system_facts import SystemFacts
from g6.domain.reports import Heartbeat, ProviderFacts
from g6.errors import BadDump
from g6.rendering import parts
from g6.rendering.status_screen import status_parts
from g6.studies.now import provider_answers
from g6.studies.now.cycle_trace import CycleTrace, UnitTrace
from g6.studies.now.provider_answers import ProviderParameters
from tests.integration.kite.test_kite_provider import World
from tests.unit.adapters.kite.test_dump import CALL, FUTURE, PUT, dump
from tests.worlds.kite import kite_server

START = "2026-11-20T05:00:00Z"


def settings_for(root: str, base: Path) -> Settings:
    given = {
        "provider.name": "kite", "provider.root": root, "provider.token_provider": "fake", "market.start": START,
        "market.origin": time.time() + 36_000, "demo_dir": str(base), "interval": 3600, "ticker.enabled": False,
    }  # fmt: skip
    return load("", given, {})


def test_a_check_names_the_rows_of_the_dump_that_are_left_out(tmp_path: Path) -> None:
    rows = tmp_path / "dump.csv"
    rows.write_bytes(dump(FUTURE, CALL, PUT.replace("26000PE", "26000CE")))
    with kite_server(in_thread=True, start=START, speed=0.0, dump=rows) as kite:
        kite.limits(quote=0, other=0)
        reader = provider_reader(settings_for(kite.root, tmp_path / "rows"))
        answers = provider_answers.answer(reader, ProviderParameters()).answers
    told = {answer.check: (answer.ok, answer.seen) for answer in answers}
    well, seen = told["instruments of NFO"]
    assert well
    assert "2 contracts (of the instrument dump of NFO for 2026-11-20 1 row is left out" in seen


def test_status_and_trace_say_why_nothing_is_collected() -> None:
    sentence = "the instrument dump of NFO for 2026-11-20 cannot be used (row 3: the dump is cut), and no earlier one is on disk"
    page = Console(file=io.StringIO(), width=200)
    provider = ProviderFacts("live", instruments={"NFO": sentence})
    beat = Heartbeat(provider=provider)
    system = SystemFacts(0.0, parse_z(START), 60.0, 60, (), "kite", beat=beat)
    parts.print_parts(page, status_parts(runtime_status(system)))
    unit = UnitTrace("MISSING", "provider", 1, {}, (), (), sentence)
    trace = CycleTrace(START, 0.0, 0.0, 9.0, {"NIFTY": unit}, {})
    parts.print_parts(page, parts.parts_of("trace", trace))
    shown = page.file.getvalue()  # type: ignore[attr-defined]
    assert f"instruments: {sentence}" in shown
    assert "provider: the instrument dump of NFO for 2026-11-20 cannot be used" in shown


def test_a_first_day_with_a_bad_dump_asks_for_it_once_and_says_so_in_the_providers_facts(
    tmp_path: Path,
) -> None:
    rows = tmp_path / "dump.csv"
    rows.write_bytes(dump(FUTURE, CALL, PUT).replace(b",NFO-OPT,", b",NFO-OPT,,"))
    with kite_server(in_thread=True, start=START, speed=0.0) as kite:
        kite.limits(quote=0, other=0)
        world = World(kite, tmp_path / "rows")
        provider = world.provider()
        provider.first.dumps._ask = lambda _: rows.read_bytes()  # type: ignore[attr-defined]
        for _ in range(4):
            with pytest.raises(BadDump, match="lists no option of any known index"):
                provider.listing("NIFTY", parse_z(START))
    assert [fact.state for fact in world.told] == ["instruments"]
    assert "no earlier one is on disk" in provider.describe().to_json()["instruments"]["NFO"]
