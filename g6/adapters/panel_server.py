"""A `g6 serve` somewhere, asked over HTTP: its panels, its status, its studies and its past."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import cast
from urllib.parse import quote, urlencode, urlsplit

from g6.domain.cycles.cycle import isoformat_z, parse_z
from g6.domain.documents.board_facts import (
    BoardFacts,
    alerts_of_panel,
    market_of_status,
    report_of_panels,
    report_of_rows,
)
from g6.domain.figures.build_up import PUBLISHED_SECONDS
from g6.domain.market.calendar import day_of
from g6.domain.reports import CycleReport, ProviderFacts
from g6.domain.schema.json_reading import entries, part
from g6.domain.schema.json_types import Document
from g6.domain.schema.overview_row import OverviewRow
from g6.errors import NothingToDo, RedisDown, Unavailable, UserError

__all__ = ["PanelServer", "ServedBoard"]

ANSWER_SECONDS = 5.0
COLUMNS_HEADER = "G6-Columns"
_MOST_REPORTS = 400
"""A session of cycles of a minute has 375."""
_MOST_CYCLES = 25_000
"""A session of cycles of a second has 22,500."""
_HEARD_OF_LATE = timedelta(milliseconds=1)
_REFUSALS = {
    401: "set serve.token to the server's token: G6_SERVE__TOKEN",
    403: "see serve.allowed_addresses and serve.allowed_agents of the server",
    429: "ask less often, or raise serve.requests_per_second of the server",
}


class PanelServer:
    """Asks one server. A connection is made for each question: a server may come and go."""

    def __init__(self, url: str, token: str = "") -> None:
        """Take an address.

        Args:
            url: Such as http://127.0.0.1:9109.
            token: `serve.token` of the server, empty where none is needed.

        Raises:
            UserError: It is no address, or holds a secret.
        """
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise UserError(f"{url!r} is no address", "write it as http://127.0.0.1:9109")
        if parts.username or parts.password or parts.query:
            raise UserError(
                "the address holds more than a host and a port, which logs would show",
                "give the token in G6_SERVE__TOKEN",
            )
        self.url = f"{parts.scheme}://{parts.netloc}"
        self._is_safe = parts.scheme == "https"
        self._host = parts.hostname
        self._port = parts.port
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}

    def document(self, path: str) -> Document:
        """Return the JSON object below a path, an empty one where there is no such panel.

        Raises:
            Unavailable: The server refuses this client, or is none of G6.
            RedisDown: The server does not answer now, or its Redis does not.
        """
        try:
            content = json.loads(self._body(path))
        except NothingToDo:
            return {}
        except ValueError as error:
            raise self._no_server(path) from error
        if not isinstance(content, Mapping):
            raise self._no_server(path)
        return content

    def study(self, name: str, suffix: str, values: Mapping[str, str], *, columns: int = 0) -> str:
        """Return a study's answer in the form of a suffix.

        Args:
            name: The study.
            suffix: Such as json.
            values: Its parameters.
            columns: The width of a screen that text is for, 0 for the server's own.

        Raises:
            NothingToDo: It refuses the question, with its sentence.
            Unavailable: The server refuses this client.
            RedisDown: The server does not answer now.
        """
        query = f"?{urlencode(values)}" if values else ""
        headers = {COLUMNS_HEADER: str(columns)} if columns else {}
        return self._body(f"/v1/{quote(name)}.{suffix}{query}", headers)

    def data(self, path: str) -> object:
        """Return the data of an answer below a path, None where there is none.

        Raises:
            Unavailable: The server refuses this client, or is none of G6.
            RedisDown: The server does not answer now, or its Redis does not.
        """
        return self.document(path).get("data")

    def _body(self, path: str, headers: Mapping[str, str] | None = None) -> str:
        kind = HTTPSConnection if self._is_safe else HTTPConnection
        connection = kind(self._host, self._port, timeout=ANSWER_SECONDS)
        try:
            connection.request("GET", path, headers={**self._headers, **(headers or {})})
            response = connection.getresponse()
            body = response.read().decode("utf-8", "replace")
        except (OSError, HTTPException) as error:
            reason = getattr(error, "strerror", None) or type(error).__name__
            raise RedisDown(f"{self.url} does not answer: {reason}", "start g6 serve") from error
        finally:
            connection.close()
        if response.status == 200:
            return body
        if response.status in _REFUSALS:
            raise Unavailable(f"{self.url} refuses: {_detail(body)}", _REFUSALS[response.status])
        if response.status >= 500:
            raise RedisDown(f"{self.url} cannot answer: {_detail(body)}")
        raise NothingToDo(_detail(body) or f"{self.url} has no {path}")

    def _no_server(self, path: str) -> Unavailable:
        return Unavailable(
            f"{self.url}{path} is no answer of g6 serve",
            "name the web port of g6 serve, such as http://127.0.0.1:9109",
        )


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
            memory_bytes=_scaled(status, "memory_mb", 1e6),
            cpu_ratio=_scaled(status, "cpu_pct", 0.01),
            request_p95_ms=_scaled(status, "api_latency_ms", 1.0),
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
        values = {"index": index, "against": f"{PUBLISHED_SECONDS / 60.0:g}"}
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


def _scaled(document: Document, name: str, factor: float) -> float | None:
    value = document.get(name)
    return value * factor if isinstance(value, int | float) else None


def _detail(body: str) -> str:
    """Return the sentence of a problem document, with its fix."""
    try:
        problem = json.loads(body)
        sentence = str(problem.get("detail") or problem.get("error") or problem.get("title") or "")
        fix = problem.get("fix")
    except (ValueError, AttributeError):
        return ""
    return f"{sentence}; fix: {fix}" if fix else sentence
