"""What the screen of all indices reads from a `g6 serve` somewhere: now, and the stored past."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import cast
from urllib.parse import urlencode

from g6.adapters.panel_server import PanelServer
from g6.domain.cycles.cycle import isoformat_z, parse_z
from g6.domain.documents.board_facts import (
    BoardFacts,
    alerts_of_panel,
    market_of_status,
    report_of_panels,
    report_of_rows,
)
from g6.domain.market.calendar import day_of
from g6.domain.reports import CycleReport, ProviderFacts
from g6.domain.schema.json_reading import entries, part
from g6.domain.schema.json_types import Document
from g6.domain.schema.overview_row import OverviewRow

__all__ = ["ServedBoard"]

BUILD_UP_MINUTES = 3
"""Exchanges publish open interest every one to three minutes."""
_MOST_REPORTS = 400
"""A session of cycles of a minute has 375."""
_MOST_CYCLES = 25_000
"""A session of cycles of a second has 22,500."""
_HEARD_OF_LATE = timedelta(milliseconds=1)


@dataclass(slots=True)
class ServedBoard:
    """Asks a server: its newest panels, and those of the past, which it makes again from rows."""

    server: PanelServer
    _reports: dict[str, CycleReport] = field(default_factory=dict)
    _interval: float = 0.0
    _index: str = ""

    def facts(self) -> BoardFacts:
        """Return the server's status and newest panels."""
        status = self.server.document("/status")
        report = report_of_panels(self._panel("cycle"), self._panel("overview"))
        if report is not None:
            self._remember(report)
            self._index = next(iter(report.units), "")
        interval = status.get("interval")
        self._interval = float(interval) if isinstance(interval, int | float) else 0.0
        provider = part(status, "provider")
        own = {name: value for name, value in provider.items() if value is not None}
        return BoardFacts(
            now=parse_z(str(status["timestamp"])),
            interval=self._interval,
            report=report,
            provider=ProviderFacts.from_json(own),
            provider_name=str(provider.get("name") or ""),
            market=market_of_status(status),
            queues=_counts(part(status, "queues")),
            alerts=alerts_of_panel(self._panel("alerts")),
            place=self.server.url,
        )

    def strikes(self, index: str, cycle: str) -> Sequence[Document]:
        """Return the strikes of the newest panel, or of the one that was the newest then."""
        document = self.server.document(f"/panels/index_{index}")
        if document.get("updated_at") != cycle:
            document = self._past_panel(f"index_{index}", cycle)
        return entries(part(document, "data"), "strikes")

    def cycles(self, cycle: str) -> Sequence[str]:
        """Return the stored cycles of the session day of a cycle, and those that were seen."""
        day = day_of(parse_z(cycle))
        # 18:29 UTC is the last minute of a day in India.
        instants = self._instants(f"{day.isoformat()}T18:29:00Z")
        if not instants:
            instants = self._instants("")
        stored = {isoformat_z(parse_z(instant)) for instant in instants}
        of_day = {name for name in stored if day_of(parse_z(name)) == day}
        return sorted(of_day | self._reports.keys())

    def day_before(self, cycle: str) -> str | None:
        """Return the last cycle of the stored day before, None without one."""
        rows = self.server.data("/v1/stored_days.json")
        day = day_of(parse_z(cycle)).isoformat()
        listed = rows if isinstance(rows, list) else []
        days = [str(row["day"]) for row in listed if row.get("kind") == "overview"]
        earlier = sorted(one for one in days if one < day)
        instants = self._instants(f"{earlier[-1]}T18:29:00Z") if earlier else []
        return isoformat_z(parse_z(instants[-1])) if instants else None

    def report(self, cycle: str) -> CycleReport | None:
        """Return a cycle that was seen, or is stored."""
        if cycle not in self._reports:
            rows = entries(part(self._past_panel("overview", cycle), "data"), "rows")
            if rows:
                self._remember(report_of_rows(cycle, cast("Sequence[OverviewRow]", rows)))
        return self._reports.get(cycle)

    def build_up(self, index: str, cycle: str = "") -> str:
        """Return the word of the index's future over the last minutes, empty unknown."""
        values = {"index": index, "against": str(BUILD_UP_MINUTES)}
        if cycle:
            values["at"] = self._known_by(cycle)
        data = self.server.data(f"/v1/buildup.json?{urlencode(values)}")
        return str(data.get("index_build_up") or "") if isinstance(data, Mapping) else ""

    def _remember(self, report: CycleReport) -> None:
        self._reports[report.cycle] = report
        for cycle in list(self._reports)[:-_MOST_REPORTS]:
            del self._reports[cycle]

    def _instants(self, at: str) -> list[str]:
        """Return the instants of the session that an instant belongs to."""
        values: dict[str, str] = {"index": self._index, "points": str(_MOST_CYCLES)}
        if at:
            values["at"] = at
        data = self.server.data(f"/v1/levels.json?{urlencode(values)}") if self._index else None
        instants = data.get("instant") if isinstance(data, Mapping) else None
        return list(instants) if isinstance(instants, list) else []

    def _past_panel(self, name: str, cycle: str) -> Document:
        """Return a panel as it was while the cycle was the newest one, or nothing."""
        at = urlencode({"at": self._known_by(cycle)})
        document = self.server.document(f"/v1/panels/{name}?{at}")
        return document if document.get("instant") == cycle else {}

    def _known_by(self, cycle: str) -> str:
        """Return the last instant at which a cycle was the newest one: its rows come after it."""
        until = parse_z(cycle) + timedelta(seconds=self._interval)
        return isoformat_z(until - _HEARD_OF_LATE if self._interval else until)

    def _panel(self, name: str) -> Document:
        return part(self.server.document(f"/panels/{name}"), "data")


def _counts(document: Document) -> Mapping[str, int]:
    return {name: count for name, count in document.items() if isinstance(count, int)}
