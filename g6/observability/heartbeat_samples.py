"""Samples of a heartbeat: what runs, what waits, and what the provider says of itself."""

from __future__ import annotations

from collections.abc import Iterator

from g6.domain.documents.readiness import SILENT_SECONDS
from g6.domain.reports import Event, Heartbeat, ProviderFacts, StreamFacts
from g6.domain.schema.provider_words import BreakerState, ProviderMode
from g6.observability.sample_numbers import BUS, epoch, number
from g6.observability.sample_totals import Sample

__all__ = ["heartbeat_samples"]


def heartbeat_samples(beat: Heartbeat, event: Event) -> Iterator[Sample]:
    """Yield the samples of a heartbeat."""
    vitals = beat.vitals
    now = epoch(event.ts)
    yield from _running(beat, now)
    for exchange, is_open in beat.market_open.items():
        yield Sample("g6_market_open", (exchange,), float(is_open))
    for queue, depth in vitals.queues.items():
        yield Sample("g6_queue_length", (queue,), float(depth))
        sent = vitals.oldest_sent.get(queue, now)
        yield Sample("g6_queue_oldest_message_age_seconds", (queue,), max(0.0, now - sent))
    for name, worker in vitals.workers.items():
        for family, value in (
            ("g6_worker_up", float(worker.up)),
            ("g6_process_resident_bytes", number(worker.resident_bytes)),
            ("g6_process_cpu_ratio", number(worker.cpu_ratio)),
        ):
            yield Sample(family, (name,), value, as_of=now)
    for name, is_up in vitals.beats.items():
        yield Sample("g6_beat_up", (name,), float(is_up), as_of=now)
    for host, skew in vitals.clock_skew_seconds.items():
        yield Sample("g6_clock_skew_seconds", (host,), skew, as_of=now)
    yield Sample("g6_disk_free_bytes", (), number(vitals.disk_free_bytes))
    yield from _loads(beat, now)
    if beat.provider.mode:
        for mode in ProviderMode:
            yield Sample("g6_provider_mode", (mode,), float(mode == beat.provider.mode))
    yield from _guards(beat.provider, now)
    if beat.provider.ticker is not None:
        yield from _stream(beat.provider.ticker)


def _running(beat: Heartbeat, now: float) -> Iterator[Sample]:
    """Yield what the running system collects: its step, its pace, its oldest open unit."""
    plan = beat.plan
    if plan is None:
        return
    overdue = now + max(SILENT_SECONDS, 3 * plan.heartbeat_seconds)
    yield Sample("g6_heartbeat_overdue_unixtime", (), overdue, as_of=now)
    yield Sample("g6_cycle_step_seconds", (), plan.step)
    yield Sample("g6_market_pace", (), plan.interval / plan.step)
    open_age = 0.0 if beat.open_since is None else max(0.0, now - beat.open_since)
    yield Sample("g6_oldest_open_unit_age_seconds", (), open_age)
    if plan.iv_max_iterations:
        yield Sample("g6_iv_max_iterations", (), float(plan.iv_max_iterations))
    if plan.most_events:
        yield Sample("g6_bus_queue_limit_events", (BUS,), float(plan.most_events))


def _loads(beat: Heartbeat, now: float) -> Iterator[Sample]:
    """Yield what waits: on the bus, for its subscribers, for sinks; and how full the memory is."""
    for sink, waiting in beat.backlog.items():
        yield Sample("g6_sink_backlog_points", (sink,), float(waiting))
    if beat.pressure is not None:
        yield Sample("g6_memory_pressure_level", (), float(beat.pressure.level))
        yield Sample("g6_memory_pressure_share", (), beat.pressure.share)
    retained = beat.vitals.retained_events
    if retained is not None:
        yield Sample("g6_bus_queue_retained_events", (BUS,), float(retained))
    for subscriber, lag in beat.lags.items():
        yield Sample("g6_bus_subscriber_lag_events", (BUS, subscriber), float(lag), as_of=now)


def _stream(ticker: StreamFacts) -> Iterator[Sample]:
    """Yield how the connections of a tick stream are."""
    for name, connection in ticker.connections.items():
        labels = (name,)
        age = number(connection.last_frame_age)
        yield Sample("g6_ticker_connected", labels, float(connection.state == "open"))
        yield Sample("g6_ticker_last_frame_age_seconds", labels, age)
        yield Sample("g6_ticker_tokens", labels, float(connection.tokens))
        yield Sample("g6_ticker_ticks_per_second", labels, connection.ticks_per_second)


def _guards(provider: ProviderFacts, at: float) -> Iterator[Sample]:
    """Yield what a guarded provider says of itself at wall time `at`: breaker, budget, token."""
    if provider.breaker:
        for state in BreakerState:
            yield Sample("g6_provider_breaker_state", (state,), float(state == provider.breaker))
    if provider.instruments is not None:
        for exchange in ("NSE", "BSE"):
            is_faulty = any(exchange[0] == name[0] for name in provider.instruments)
            yield Sample("g6_instruments_faulty", (exchange,), float(is_faulty))
    for family, requests in (provider.budget_left or {}).items():
        yield Sample("g6_provider_budget_left", (family,), float(requests))
    if provider.login is not None:
        seconds = number(provider.login.seconds_left) if provider.login.is_valid else 0.0
        yield Sample("g6_provider_token_seconds", (), seconds)
        yield Sample("g6_token_expires_unixtime", (), at + seconds)
