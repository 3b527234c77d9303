"""What the screen of all indices reads: a running system, a server of one, or stored rows."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from g6.adapters.panel_server import PanelServer, ServedBoard
from g6.bootstrap.processes.process_runtime import build_runtime
from g6.bootstrap.reading.study_readers import stored_reader
from g6.bootstrap.stores import store
from g6.bootstrap.wiring import redis_url, wire
from g6.config import Settings, calendar
from g6.domain.cycles.cycle import Unit, isoformat_z, parse_z
from g6.domain.documents.board_facts import (
    BoardFacts,
    MarketState,
    alerts_of_panel,
    report_of_panels,
    report_of_rows,
)
from g6.domain.documents.panels import chain_strikes
from g6.domain.figures.build_up import PUBLISHED_SECONDS
from g6.domain.market.calendar import IST, Calendar, day_of
from g6.domain.market.instrument import INDICES, exchanges_of
from g6.domain.market.trading_hours import trading_hours
from g6.domain.reports import CycleReport, ProviderFacts
from g6.domain.schema.chain import Chain
from g6.domain.schema.json_reading import entries, part
from g6.domain.schema.json_types import Document
from g6.errors import G6Error, Unavailable, UncoveredYear
from g6.pipeline import Runtime
from g6.ports import Store
from g6.ports.readers import BoardReader, StoredReader
from g6.studies.stored.buildup import BuildUpParameters
from g6.studies.stored.buildup import answer as build_up_of

__all__ = ["StoredBoard", "board_reader"]

_DAYS_BACK = 10
"""The longest row of days without a session is shorter."""


def board_reader(settings: Settings, url: str = "") -> BoardReader:
    """Return the reader of a server, of the system that runs under some settings, or of its rows.

    Args:
        settings: As a person named them, or as they are configured.
        url: Address of a `g6 serve`, empty for none.

    Raises:
        Unavailable: No system runs, and nothing is stored.
        RedisDown: The system's Redis does not answer.
        UserError: The address is none.
    """
    if url:
        token = settings.serve.token
        return ServedBoard(PanelServer(url, token.get_secret_value() if token else ""))
    try:
        address = redis_url(settings)
    except Unavailable:
        stored = StoredBoard(settings, store(settings), stored_reader(settings))
        if stored.store.last_overview() is None:
            raise
        return stored
    from g6.bootstrap.reading.running_system import settings_as_started

    started = settings_as_started(settings)
    runtime = build_runtime(wire(started, address))
    return RunningBoard(started, runtime.store, stored_reader(started), runtime)


@dataclass(slots=True)
class StoredBoard:
    """Reads stored rows alone. Nothing newer comes unless somebody writes it."""

    settings: Settings
    store: Store
    reader: StoredReader

    def facts(self) -> BoardFacts:
        """Return the newest stored cycle, as of its own instant."""
        newest = self.store.last_overview()
        report = None if newest is None else self.report(isoformat_z(newest))
        now = newest or self.settings.market.start
        return BoardFacts(
            now=now,
            interval=float(self.settings.interval),
            report=report,
            market=market_state(calendar(), list(report.units if report else ()), now),
            place=f"stored rows in {self.settings.directory}",
            is_running=False,
        )

    def strikes(self, index: str, cycle: str) -> Sequence[Document]:
        """Return strikes around ATM of a stored chain."""
        frame = self.reader.chain(Unit(cycle, index))
        if frame is None or not len(frame):
            return ()
        chain = Chain.of_rows(frame)
        rows = self.store.read_overview(cycle)
        nearest = next((row for row in rows if row["underlying"] == index), None)
        # After the fix on expiry day the first of the chain is still the expiring one.
        expiry = None if nearest is None else nearest.get("expiry_nearest")
        return chain_strikes(chain, expiry or chain.expiries[0].day.isoformat())

    def cycles(self, cycle: str) -> Sequence[str]:
        """Return the stored cycles of one session day."""
        first = _day_begins(parse_z(cycle))
        return list(self.store.overview_cycles(first, first + timedelta(days=1)))

    def day_before(self, cycle: str) -> str | None:
        """Return the last cycle of the stored day before."""
        end = _day_begins(parse_z(cycle)) - timedelta(microseconds=1)
        for back in range(_DAYS_BACK):
            last = end - timedelta(days=back)
            stored = list(self.store.overview_cycles(last - timedelta(days=1), last))
            if stored:
                return stored[-1]
        return None

    def report(self, cycle: str) -> CycleReport | None:
        """Return a stored cycle."""
        rows = self.store.read_overview(cycle)
        return report_of_rows(cycle, rows) if rows else None

    def build_up(self, index: str, cycle: str = "") -> str:
        """Return the word of the index's future over the last minutes."""
        at = parse_z(cycle) if cycle else None
        with suppress(G6Error):
            asked = BuildUpParameters(index, PUBLISHED_SECONDS / 60.0, at=at)
            return build_up_of(self.reader, asked).index_build_up
        return ""


@dataclass(slots=True)
class RunningBoard(StoredBoard):
    """Reads the panels of a running system from its Redis, and the past from its store."""

    runtime: Runtime

    def facts(self) -> BoardFacts:
        """Return the newest panels, queues and the session, as of now."""
        panels = {name: self._panel(name) for name in ("cycle", "overview", "provider", "alerts")}
        now = self.runtime.clock.market()
        vitals = self.runtime.vitals.read()
        plan = self.runtime.plan
        is_recorded = self.runtime.feeds is not None
        market = market_state(self.runtime.calendar, list(plan.indices), now)
        return BoardFacts(
            now=now,
            interval=float(plan.interval),
            report=report_of_panels(panels["cycle"], panels["overview"]),
            provider=ProviderFacts.from_json(panels["provider"]),
            provider_name=self.runtime.provider.name,
            market=MarketState(is_open=True, phase="replay") if is_recorded else market,
            queues=vitals.queues,
            workers=vitals.living_workers,
            memory_bytes=vitals.resident_bytes,
            cpu_ratio=vitals.cpu_ratio,
            alerts=alerts_of_panel(panels["alerts"]),
        )

    def strikes(self, index: str, cycle: str) -> Sequence[Document]:
        """Return the strikes of the newest panel, or those of a stored chain."""
        document = self.runtime.panels.get(f"index_{index}") or {}
        if document.get("updated_at") == cycle:
            return entries(part(document, "data"), "strikes")
        # Two arguments of super: a dataclass with slots is another class than the one written.
        return StoredBoard.strikes(self, index, cycle)

    def _panel(self, name: str) -> Document:
        return part(self.runtime.panels.get(name) or {}, "data")


def market_state(sessions: Calendar, indices: Sequence[str], now: datetime) -> MarketState:
    """Return the session of the exchanges of some indices."""
    exchanges = list(exchanges_of(INDICES[index] for index in indices if index in INDICES))
    if not exchanges:
        return MarketState()
    hours = trading_hours(sessions, exchanges, now)
    phase = ""
    with suppress(UncoveredYear):
        phase = str(sessions.phase(exchanges[0], now))
    return MarketState(hours.is_open, phase, hours.until if hours.is_open else hours.opens)


def _day_begins(at: datetime) -> datetime:
    """Return the instant at which the day of an instant begins in India."""
    return datetime.combine(day_of(at), datetime.min.time(), IST)
