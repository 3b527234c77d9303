"""`g6 ps` lists workers, beats and g6 serve by host, and says who owns the rows."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from rich.console import Console

from g6.adapters.memory.vitals import MemoryVitals
from g6.domain.reports import ProcessFacts, VitalSigns, WorkerFacts
from g6.rendering.parts import NoView, print_parts
from g6.rendering.tables.now import workers_table
from g6.studies.now.workers import Workers, WorkersParameters, answer

SIGNS = VitalSigns(
    queues={"persist": 2},
    workers={
        "persist@a": WorkerFacts(pid=7, host="a", queues=["persist"], resident_bytes=9e7, pool=2),
        "ticker@a": WorkerFacts(pid=11, host="a", queues=[], resident_bytes=1e7),
        "cycle@b": WorkerFacts(pid=8, host="b", queues=["collect", "analytics"], up=False),
    },
    processes=(
        ProcessFacts("serve", 9, "a", 1.0, resident_bytes=4e7),
        ProcessFacts("beat", 10, "b", 1.0, up=False, instance="2"),
    ),
)


def asked() -> Workers:
    reader: Any = SimpleNamespace(vitals=MemoryVitals(SIGNS), owners={7: "celery worker"})
    return answer(reader, WorkersParameters())


def test_workers_come_first_and_then_the_other_processes_each_with_its_host() -> None:
    lines = [(line.name, line.host, line.pid, line.is_up) for line in asked().workers]
    assert lines == [
        ("cycle@b", "b", 8, False),
        ("persist@a", "a", 7, True),
        ("ticker@a", "a", 11, True),
        ("beat-2@b", "b", 10, False),
        ("serve@a", "a", 9, True),
    ]


def test_the_owner_of_the_rows_is_named() -> None:
    assert [line.pid for line in asked().workers if line.owns_rows] == [7]


def test_the_table_fits_a_terminal_and_shows_what_each_serves() -> None:
    console = Console(width=80, color_system=None)
    with console.capture() as written:
        print_parts(console, workers_table.parts(asked(), NoView()))
    lines = written.get().splitlines()
    assert max(len(line) for line in lines if "together" not in line) <= 80
    text = " ".join(" ".join(lines).split())
    assert "persist a 7 up 2 90 0.00 persist, owns the files" in text
    assert "serve a 9 up – 40 –" in text
    assert "beat-2 b 10 silent – – –" in text
    assert "1 worker with 2 processes live; 140 MB together" in text
    assert "persist 2" in text
