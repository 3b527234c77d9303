"""What was answered while each cycle was the newest, to be held against what is answered later."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path

from g6.adapters.parquet import ParquetStore
from g6.adapters.parquet.maintenance.parquet_history import ParquetHistory
from g6.domain.cycles.cycle import isoformat_z, parse_z, quarter_hour_of
from tests.worlds.pipeline import World
from tests.worlds.web.asked_over_http import StudyClient, client_of

DAY = date(2026, 11, 18)
FORMS = ("json", "ndjson", "csv", "html", "arrow", "xlsx")
PANELS = (
    "analytics", "breadth", "exposures", "health", "indices", "overview", "summary", "index_NIFTY", "index_BANKNIFTY",
)  # fmt: skip


@dataclass
class RecordedDay:
    """A world whose answers are recorded cycle by cycle.

    Attributes:
        directory: Where its rows are.
        answers: Bodies by path and cycle.
    """

    directory: Path
    answers: dict[tuple[str, str], bytes] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.world = World(store=ParquetStore(self.directory))  # type: ignore[arg-type]
        now = self.world.clock.market
        self.client = client_of(self.directory, self.world.panels, self.world.frames, now)
        self.history = ParquetHistory(self.directory)

    def record(
        self, first: str, cycles: int, paths_of: Callable[[int, StudyClient], Sequence[str]]
    ) -> Iterator[str]:
        """Run cycles, and ask after each what `paths_of` returns of its number; yield each."""
        for number in range(cycles):
            cycle = isoformat_z(parse_z(first) + timedelta(minutes=number))
            self.world.cycle(cycle)
            self._fold(parse_z(cycle))
            for pattern in paths_of(number, self.client):
                path = pattern.replace(THIS_CYCLE, cycle)
                self.answers[path, cycle] = body(self.client, path)
            yield cycle

    def _fold(self, cycle: datetime) -> None:
        """Fold each quarter hour once it is over, as a running system does."""
        if quarter_hour_of(cycle) == cycle:
            for name in self.history.names():
                self.history.fold(name, DAY, cycle)

    def compact(self) -> None:
        """Fold the day, as it is done after the close."""
        for name in self.history.names():
            self.history.compact(name, DAY)

    def differing(self) -> Iterator[str]:
        """Yield each path and cycle of which the answer of its instant is not what it was."""
        for (path, cycle), before in self.answers.items():
            sign = "&" if "?" in path else "?"
            later = path if f"at={cycle}" in path else f"{path}{sign}at={cycle}"
            if _plain(body(self.client, later)) != _plain(before):
                yield f"{path} at {cycle}"


THIS_CYCLE = "THIS_CYCLE"
"""Stands in an address for the cycle after which it is asked."""
OF_DAYS = frozenset({"quality"})
"""Studies that answer of a whole day where no instant is asked for."""
OF_AN_INSTANT = {
    "calendar": "",
    "catalogue": "",
    "coverage": "index=NIFTY&",
    "expiries": "index=NIFTY&",
    "gaps": "index=NIFTY&",
    "inspect": "snapshot=NIFTY&",
    "instrument": "words=NIFTY&",
    "rule_checks": "",
    "stored_days": "",
    "verify": "cycles=1&",
}
"""Studies that are asked of an instant from the beginning: of now they tell of files and clocks."""


def study_paths(client: StudyClient, forms: Sequence[str], cycles: int | None = None) -> list[str]:
    """Return the addresses of every study of stored rows that takes an instant.

    Args:
        client: Asks which there are.
        forms: The suffixes.
        cycles: How far a study of many cycles looks back, None as far as it does unless told.
    """
    paths = []
    for study in client.get("/v1").json()["studies"]:
        names = {parameter["name"] for parameter in study["parameters"]}
        if study["name"] in OF_AN_INSTANT:
            query = f"{OF_AN_INSTANT[study['name']]}at={THIS_CYCLE}"
            paths += [f"/v1/{study['name']}.{form}?{query}" for form in forms]
        elif {"at", "index"} <= names and study["name"] not in OF_DAYS:
            back = f"&cycles={cycles}" if cycles is not None and "cycles" in names else ""
            paths += [f"/v1/{study['name']}.{form}?index=NIFTY{back}" for form in forms]
    return paths


def panel_paths() -> list[str]:
    """Return the addresses of every panel that rows tell of."""
    return [f"/v1/panels/{name}.json" for name in PANELS]


def body(client: StudyClient, path: str) -> bytes:
    """Return the body of an answer without the instant at which it was answered."""
    answer = client.get(path)
    if not path.split("?", maxsplit=1)[0].endswith(".json") or answer.status_code != 200:
        return str(answer.status_code).encode() + answer.content
    document = json.loads(answer.content)
    stamp = f'"answered_at":"{document["answered_at"]}",'.encode()
    assert stamp in answer.content
    return answer.content.replace(stamp, b"")


def _plain(body: bytes) -> bytes:
    """Return a page without the addresses of itself, which name the instant that was asked for."""
    return body.partition(b"<h2>The same rows elsewhere</h2>")[0]
