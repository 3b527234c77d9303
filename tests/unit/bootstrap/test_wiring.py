"""The room that builds: sources answer what their record says, doors stay thin, nothing is built elsewhere."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from g6.adapters.clocks import WallClock
from g6.bootstrap.quote_sources.sources import provider
from g6.bootstrap.wiring import wire, wire_without_redis
from g6.config import load
from g6.config.source_table import SHIPPED, source_named
from g6.errors import BadConfig
from g6.ports.sources import Ability, Source, abilities_of

ROOT = Path(__file__).resolve().parents[3]
RECORDING = ROOT / "tests" / "data" / "store"
ADAPTERS = {"g6/adapters", "g6/simulation"}
ROOMS = ("entrypoints", "pipeline", "studies", "rendering", "observability", "config", "domain")
"""Rooms that build no adapter."""
RESIDENT_BYTES = 150e6


@pytest.mark.parametrize("source", SHIPPED, ids=lambda source: source.name)
def test_a_provider_answers_for_what_its_record_says(source: Source, tmp_path: Path) -> None:
    settings = load(
        "",
        {"provider.name": source.name, "provider.recording": RECORDING, "data_dir": tmp_path}
        | {"provider.token_provider": "fake", "ticker.enabled": False},
        {},
    )
    abilities = abilities_of(provider(wire_without_redis(settings)))
    answered = {ability for ability in Ability if getattr(abilities, ability) is not None}
    # The stream is the wrapper's, where a Redis is there to read it from.
    assert answered == source.abilities - {Ability.STREAM}


def test_a_streamed_provider_answers_for_what_it_wraps(tmp_path: Path) -> None:
    settings = load("", {"provider.name": "kite", "data_dir": tmp_path}, {"KITE_API_KEY": "k"})
    abilities = abilities_of(provider(wire(settings, "redis://127.0.0.1:1/0")))
    assert abilities.stream is not None
    assert abilities.candles is not None
    assert abilities.account is not None


def test_a_name_that_nobody_registered_is_a_live_source_that_can_nothing() -> None:
    source = source_named("nobody")
    assert source.is_live
    assert source.abilities == frozenset()


def test_a_plug_in_that_registers_a_bare_function_is_refused_with_the_page_that_shows_how(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "bare_provider.py").write_text("def provider(settings, gate): ...\n", "utf-8")
    info = tmp_path / "bare_provider-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: bare\nVersion: 1.0\n", "utf-8")
    (info / "entry_points.txt").write_text("[g6.providers]\nbare = bare_provider:provider\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(BadConfig, match="which is no Source") as refused:
        source_named("bare")
    assert "docs/how-to/extend.md" in refused.value.fix


def test_a_wiring_makes_clients_clock_and_calendar_once() -> None:
    wiring = wire(load("", {}, {}), "redis://127.0.0.1:1/0")
    assert wiring.clients.cache is wiring.clients.main
    assert isinstance(wiring.clock, WallClock)
    with pytest.raises(LookupError):
        _ = wire_without_redis(load("", {}, {})).clients


def test_the_tickers_process_imports_no_storage_and_stays_small() -> None:
    script = (
        "import sys, psutil, g6.entrypoints.machine.tick_stream as _;"
        "print(psutil.Process().memory_info().rss, *sys.modules)"
    )
    resident, *modules = _run(script).split()
    assert not {"pyarrow", "scipy", "celery", "pandas", "typer"} & set(modules)
    assert int(resident) < RESIDENT_BYTES


def test_help_imports_nothing_that_is_built() -> None:
    script = (
        "import sys; from g6.entrypoints.cli import main; main(['--help']);"
        "print('loaded', *(name for name in sys.modules if name.startswith('g6.')))"
    )
    loaded = _run(script).split("loaded", 1)[1].split()
    assert [name for name in loaded if name.startswith(("g6.bootstrap", "g6.adapters"))] == []


def test_no_room_beside_bootstrap_builds_an_adapter() -> None:
    classes = {name for folder in ADAPTERS for name in _ports_in(ROOT / folder)}
    built = [
        f"{path.relative_to(ROOT)}: {name}"
        for room in ROOMS
        for path in sorted((ROOT / "g6" / room).rglob("*.py"))
        for name in _called(path)
        if name in classes
    ]
    assert built == []


def _ports_in(folder: Path) -> Iterator[str]:
    """Yield the names of adapters: classes that are named after their technology and a port."""
    technologies = (
        "Redis",
        "Memory",
        "Parquet",
        "Csv",
        "Kite",
        "Simulated",
        "Replay",
        "Recording",
        "Celery",
    )
    for path in folder.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef) and node.name.startswith(technologies):
                yield node.name


def _called(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            yield node.func.id


def _run(script: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT
    )
    return done.stdout
