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
BUILDING = {"adapters", "bootstrap", "simulation"}
"""Rooms that make adapters: their own, and bootstrap all."""
MAKES_THE_MARKET = "kite_server"
"""The one room that makes a simulated market beside bootstrap: it is a server of that market."""
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
    built = [
        f"{path.relative_to(ROOT)}: {name}"
        for path in sorted((ROOT / "g6").rglob("*.py"))
        if (room := path.relative_to(ROOT / "g6").parts[0]) not in BUILDING
        for name in _built(path.read_text(encoding="utf-8"), _foreign_rooms(room))
    ]
    assert built == []


@pytest.mark.parametrize(
    ("line", "built"),
    [
        ("from g6.adapters.kite.ticker.feeds import Ticker; Ticker(cache)", ["Ticker"]),
        ("from g6.adapters.kite.token import Token as T; T('a', 'b', 0.0)", ["T"]),
        ("from g6.adapters.replay import Recording; Recording.open(path)", ["Recording"]),
        ("from g6.adapters.redis import vitals; vitals.RedisVitals(c)", ["RedisVitals"]),
        ("from g6.simulation import SimulatedMarket; SimulatedMarket(c)", ["SimulatedMarket"]),
        ("from g6.adapters.data_dir.owner import owner; owner(path)", []),
        ("from g6.adapters.kite.token import Token; isinstance(token, Token)", []),
        ("from g6.domain.reports import Alert; Alert('late')", []),
    ],
)
def test_an_adapter_that_is_built_is_seen(line: str, built: list[str]) -> None:
    assert list(_built(line, _foreign_rooms("entrypoints"))) == built


def _foreign_rooms(room: str) -> tuple[str, ...]:
    """Return the packages none of whose classes a room makes."""
    rooms = ("g6.adapters",)
    return rooms if room == MAKES_THE_MARKET else (*rooms, "g6.simulation")


def _built(source: str, rooms: tuple[str, ...]) -> Iterator[str]:
    """Yield the classes of rooms that a module makes: it calls one, or what makes one of it."""
    tree = ast.parse(source)
    imported = {
        alias.asname or alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(rooms)
        for alias in node.names
    }
    if not imported:
        return
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        *owners, name = ast.unparse(node.func).split(".")
        if owners[:1] and owners[0] in imported:
            yield from (each for each in (owners[0], name) if _is_class(each))
        elif not owners and name in imported and _is_class(name):
            yield name


def _is_class(name: str) -> bool:
    return (name[0].isupper() and not name.isupper()) or len(name) == 1


def _run(script: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT
    )
    return done.stdout
