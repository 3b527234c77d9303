"""Totals after kills: /metrics, the ledger and the files count the same, to the unit."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pyarrow.parquet as pq
import pytest
from prometheus_client.parser import text_string_to_metric_families

from g6.adapters.redis.bus import RedisBus
from g6.observability.catalogue import FAMILIES
from tests.chaos.stack import THREE, Setup, Stack, prepared
from tests.e2e.running import Child
from tests.waiting import eventually
from tests.worlds.ledger_check import Ledgered
from tests.worlds.web.ports import free_port

SETUP = Setup(interval=3, strikes=5)


@dataclass(frozen=True, slots=True)
class Counted:
    """What was there at the end.

    Attributes:
        fresh: Families of /metrics before the first cycle.
        samples: Samples of /metrics at the end, by name and label values.
        files: What the files hold.
        ledger: Units by index and status, of the cycles that the ledger still knows.
        known: Those cycles.
        rows: Rows in the files by index and sink, those of the overview under `all`.
    """

    fresh: set[str]
    samples: dict[tuple[str, ...], float]
    files: Ledgered
    ledger: Counter[tuple[str, str]]
    known: set[str]
    rows: dict[tuple[str, str], int]


@pytest.fixture(scope="module")
def counted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Counted]:
    """Four workers, of which two are killed at their work, and a `g6 serve` that is killed too."""
    port = free_port()
    with prepared(tmp_path_factory.mktemp("exact"), SETUP) as stack:
        serve(stack, port)
        fresh = set(eventually(lambda: families(port), every=0.1))
        stack.workers()
        stack.beat("beat-a")
        stack.goes_well(2, after=0.0)
        stack.catch("collect", lambda: stack.running("collect"))
        stack.children["collect"].kill()
        stack.children["serve"].kill()
        stack.worker("collect", wait=True)
        stack.catch("persist", lambda: stack.running("persist"))
        stack.children["persist"].kill()
        stack.worker("persist", wait=True)
        stack.goes_well(1)
        serve(stack, port)
        stack.goes_well(2)
        last = stack.settle()
        files = stack.check(last)
        assert files.problems == []
        ledger: Counter[tuple[str, str]] = Counter()
        known = set()
        for cycle in {cycle for cycle, _ in files.rows}:
            if record := stack.ledger.record(cycle):
                known.add(cycle)
                ledger.update((index, unit.status) for index, unit in record.units.items())
        published = ("g6_bus_events_published_total", "events")
        bus = RedisBus(stack.client)
        # Of a settled system nothing is told any more but heartbeats, which are counted at once.
        eventually(lambda: samples(port)[published] == bus.bounds()[2], every=0.2)
        rows = stored_rows(stack.world.data)
        yield Counted(fresh, samples(port), files, ledger, known, rows)


def serve(stack: Stack, port: int) -> Child:
    """Start `g6 serve` on a port."""
    ports = ("--metrics-port", str(port), "--web-port", "0")
    stack.children["serve"] = stack.world.start("serve", "g6", "serve", *ports)
    return stack.children["serve"]


def text(port: int) -> str:
    """Return /metrics, empty while nobody answers."""
    try:
        answer = httpx.get(f"http://127.0.0.1:{port}/metrics", timeout=5.0, trust_env=False)
    except httpx.TransportError:
        return ""
    return answer.text if answer.is_success else ""


def families(port: int) -> list[str]:
    """Return the names of the families that are declared."""
    lines = text(port).splitlines()
    return [line.split()[2] for line in lines if line.startswith("# TYPE ")]


def samples(port: int) -> dict[tuple[str, ...], float]:
    """Return the samples by name and label values."""
    found: dict[tuple[str, ...], float] = {}
    for family in text_string_to_metric_families(text(port)):
        for sample in family.samples:
            found[(sample.name, *sample.labels.values())] = sample.value
    return found


def stored_rows(directory: Path) -> dict[tuple[str, str], int]:
    """Return the rows in the files by index and sink, those of overviews under `all`."""
    rows: Counter[tuple[str, str]] = Counter()
    for path in directory.glob("chain/underlying=*/date=*/*.parquet"):
        index = path.parents[1].name.partition("=")[2]
        rows[index, "parquet"] += pq.read_metadata(path).num_rows
    for path in directory.glob("overview/date=*/*.parquet"):
        rows["all", "parquet"] += pq.read_metadata(path).num_rows
    for path in directory.glob("csv/**/*.csv"):
        folder = path.relative_to(directory / "csv").parts[0]
        index = "all" if folder == "overview" else folder
        rows[index, "csv"] += len(path.read_text("utf-8").splitlines()) - 1
    return dict(rows)


def test_every_family_is_there_before_the_first_cycle(counted: Counted) -> None:
    assert set(FAMILIES) - counted.fresh == set()


def test_units_are_counted_as_the_files_have_them(counted: Counted) -> None:
    stored = Counter((index, row["status"]) for (_, index), row in counted.files.rows.items())
    shown = {key[1:]: value for key, value in counted.samples.items() if key[0] == "g6_units_total"}
    assert {key: value for key, value in shown.items() if value} == dict(stored)


def test_the_ledger_says_the_same_of_the_cycles_that_it_knows(counted: Counted) -> None:
    stored = Counter(
        (index, row["status"])
        for (cycle, index), row in counted.files.rows.items()
        if cycle in counted.known
    )
    assert counted.ledger == stored
    assert counted.known


def test_cycles_and_options_are_counted_as_the_files_have_them(counted: Counted) -> None:
    cycles = sum(value for key, value in counted.samples.items() if key[0] == "g6_cycles_total")
    assert cycles == counted.files.cycles
    for index in THREE:
        options = sum(
            int(row["options"])
            for (_, name), row in counted.files.rows.items()
            if name == index and row["status"] in {"OK", "PARTIAL"}
        )
        assert counted.samples["g6_index_options_processed_total", index] == options


def test_rows_written_are_the_rows_in_the_files(counted: Counted) -> None:
    shown = {
        key[1:]: value
        for key, value in counted.samples.items()
        if key[0] == "g6_rows_written_total" and value
    }
    assert shown == counted.rows
    assert {index for index, _ in shown} == {*THREE, "all"}


def test_nothing_was_dropped_on_the_way(counted: Counted) -> None:
    dropped = [
        value for key, value in counted.samples.items() if key[0] == "g6_bus_events_dropped_total"
    ]
    assert sum(dropped) == 0
