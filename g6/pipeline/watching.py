"""What the system says of itself between cycles: a heartbeat, and the check of the panel files."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from math import inf

from g6.domain.cycles.cycle import parse_z
from g6.domain.market.calendar import DAYS_AHEAD, Session, day_of
from g6.domain.reports import (
    Alert,
    Heartbeat,
    LoginFacts,
    PanelsVerified,
    ProviderFacts,
    RunningPlan,
    StreamFacts,
    Switches,
    VitalSigns,
)
from g6.domain.reports.alerts import (
    CALENDAR_ENDS,
    CYCLES_STALLED,
    QUEUES_UNSERVED,
    RULES,
    STREAM_SECONDS,
    STREAM_SILENT,
    TOKEN_MISSING,
    stall_alert,
    unserved_alert,
)
from g6.domain.reports.switches import EVERY_INDEX
from g6.domain.schema.words import QueueName, QuoteSource, Reason
from g6.pipeline.maintenance.waiting_cycles import awake_cycles, unstored_options
from g6.pipeline.raised_alerts import note, renew, show_alerts
from g6.pipeline.relief import relieve
from g6.pipeline.runtime import SWEEP_SECONDS, Runtime
from g6.pipeline.sink_refusals import forget_old
from g6.ports import CycleRecord

RECORDER = "recorder"
"""The subscriber whose totals the metrics are made of."""
WARN_BEFORE = timedelta(minutes=60)
"""How long before the open a person is told that there is no token for it."""
OTHER_STREAMS_FIX = (
    "REST takes the token and the stream refuses it: "
    "end other streams of this API key (three are allowed), or g6 login"
)
CONNECTIONS_FIX = "g6 status --json shows each connection; where no g6 up runs it, g6 ticker"


def heartbeat(runtime: Runtime) -> None:
    """Publish queues, workers, clocks, open markets and the provider's state, if one is due.

    Alerts are settled with it: raised once, and told of again when they are over.
    """
    if runtime.clock.wall() % runtime.heartbeat_seconds >= SWEEP_SECONDS:
        return
    at = runtime.clock.market()
    switches = runtime.controls.read()
    vitals = runtime.vitals.read()
    open_cycles = awake_cycles(runtime, runtime.clock.wall())
    report = Heartbeat(
        vitals=vitals,
        refused=forget_old(runtime, switches),
        market_open=_open_markets(runtime, at),
        provider=runtime.provider.describe(),
        plan=_running_plan(runtime),
        open_since=_open_since(runtime, open_cycles),
        lags=_lags(runtime),
        backlog=_backlog(runtime, open_cycles),
        pressure=relieve(runtime, switches, vitals),
    )
    runtime.bus.publish(report, left=runtime.bus.length)
    for rule in RULES:
        if rule.of_vitals is not None:
            note(runtime, switches, rule, rule.of_vitals(report.vitals))
    note(runtime, switches, CYCLES_STALLED, _stall(runtime, at))
    note(runtime, switches, STREAM_SILENT, _stream(runtime, report.provider, at))
    note(runtime, switches, TOKEN_MISSING, _token(runtime, switches, report.provider.login, at))
    renew(runtime, switches, CALENDAR_ENDS, _calendar(runtime, at))
    note(runtime, switches, QUEUES_UNSERVED, _unserved(switches, report.vitals))
    show_alerts(runtime)


def _calendar(runtime: Runtime, at: datetime) -> Alert | None:
    """Return the alert of a calendar that ends soon, of a market that goes by the days of now."""
    last = runtime.calendar.last_day
    days = (last - day_of(at)).days
    if runtime.repeats_instants or days >= DAYS_AHEAD:
        return None
    if days < 0:
        return CALENDAR_ENDS.fire(ends="ended", day=last, in_days="", year=last.year + 1)
    in_days = f", in {days} days" if days > 1 else (", today", ", tomorrow")[days]
    return CALENDAR_ENDS.fire(ends="ends", day=last, in_days=in_days, year=last.year + 1)


def _open_markets(runtime: Runtime, at: datetime) -> dict[str, bool]:
    """Return whether each exchange is in session. A recording always is."""
    return {
        exchange: runtime.feeds is not None or runtime.trades(exchange, at)
        for exchange in runtime.plan.exchanges
    }


def _open_since(runtime: Runtime, open_cycles: Sequence[CycleRecord]) -> float | None:
    """Return the wall time at which the oldest unit that is still open fell due."""
    for record in open_cycles:
        if any(not unit.status for unit in record.units.values()):
            return runtime.clock.wall_of(parse_z(record.cycle))
    return None


def _backlog(runtime: Runtime, open_cycles: Sequence[CycleRecord]) -> dict[str, int]:
    """Return how many options are analysed and not yet stored, by sink.

    A stage writes to all sinks, and is done when each has answered.
    """
    waiting = sum(map(unstored_options, open_cycles))
    waiting += sum(rest.options for rest in runtime.memory.rests.values())
    sinks = [name for name in runtime.store.sink.split("+") if name]
    return dict.fromkeys(sinks, waiting)


def _lags(runtime: Runtime) -> dict[str, int]:
    """Return the events that each subscriber has before it.

    The recorder tells its own lag with its totals.
    """
    positions = runtime.bus.positions()
    others = {name: place for name, place in positions.items() if name != RECORDER}
    if not others:
        return {}
    _, _, published = runtime.bus.bounds()
    lags = {name: place.lag(published) for name, place in others.items()}
    return {name: lag for name, lag in lags.items() if lag is not None}


def _running_plan(runtime: Runtime) -> RunningPlan:
    return RunningPlan(
        indices=tuple(runtime.plan.indices),
        interval=runtime.plan.interval,
        step=runtime.timing.step,
        config_id=runtime.plan.config_id,
        heartbeat_seconds=runtime.heartbeat_seconds,
        max_quote_age=runtime.plan.quality.max_quote_age,
        iv_max_iterations=runtime.plan.pricing.iv_max_iterations,
        most_events=runtime.bus.length,
    )


def _unserved(switches: Switches, vitals: VitalSigns) -> Alert | None:
    """Return the alert of queues whose workers are silent, or in which messages wait for one.

    A worker that starts has not signed in yet: nothing is said of its queues before.
    """
    workers = vitals.workers.values()
    # A worker of an earlier version does not say what it serves.
    if not workers or any(worker.queues is None for worker in workers):
        return None
    needed = vitals.queues_of_workers(up=False)
    needed |= {name for name, count in vitals.queues.items() if count}
    if QUEUES_UNSERVED.id in switches.alerts:
        needed |= set(QueueName)
    return unserved_alert(vitals.queues, list(needed - vitals.queues_of_workers(up=True)))


def _stall(runtime: Runtime, at: datetime) -> Alert | None:
    """Return the alert of an open market of which no cycle is analysed."""
    if runtime.feeds is not None:
        return None
    opens = [runtime.clock.wall_of(opening) for opening in _session_opens(runtime, at)]
    if not opens:
        return None
    now = runtime.clock.wall()
    silent = now - max(min(opens), runtime.ledger.last_success(now))
    return stall_alert(silent, runtime.timing.step)


def _stream(runtime: Runtime, provider: ProviderFacts, at: datetime) -> Alert | None:
    """Return the alert of a ticker that brings nothing, be it mute, refused, dead or never started.

    REST bridges a few instruments only.
    """
    if provider.ticker is None:
        return None
    now = runtime.clock.wall()
    since = runtime.controls.read().stream_silent_since
    if provider.source == QuoteSource.STREAM or not _session_opens(runtime, at):
        if since is not None:
            runtime.controls.set("stream_silent_since", None)
        return None
    if since is None:
        runtime.controls.set("stream_silent_since", now)
        return None
    if now - since < STREAM_SECONDS:
        return None
    fix = _stream_fix(provider.ticker, provider.login)
    return STREAM_SILENT.fire(seconds=now - since, fix=fix)


def _stream_fix(ticker: StreamFacts, login: LoginFacts | None) -> str:
    """Return what helps a stream that brings nothing, as far as it is known."""
    states = {connection.state for connection in ticker.connections.values()}
    if "refused" not in states:
        return CONNECTIONS_FIX
    return OTHER_STREAMS_FIX if login is not None and login.is_valid else "g6 login"


def _session_opens(runtime: Runtime, at: datetime) -> list[datetime]:
    """Return when the sessions that are open at `at` began, one per exchange."""
    return [
        session.open for session in _sessions(runtime, at) if session.open <= at <= session.close
    ]


def _sessions(runtime: Runtime, at: datetime) -> list[Session]:
    """Return the known sessions of the day of `at`, one per exchange that has one."""
    day = day_of(at)
    sessions = [
        runtime.calendar.known_session(exchange, day) for exchange in runtime.plan.exchanges
    ]
    return [session for session in sessions if session is not None]


def _token(
    runtime: Runtime, switches: Switches, login: LoginFacts | None, at: datetime
) -> Alert | None:
    """Return the alert of a session without an access token.

    It is that of a session of which units were withheld, or that opens soon. Once raised it lasts
    until there is a token.
    """
    if login is None:
        return None
    raised = switches.alerts.get(TOKEN_MISSING.id)
    opens = _opens_soon(runtime, at)
    if login.is_valid:
        lasts = opens is None or (login.seconds_left or inf) > (opens - at).total_seconds()
        return None if lasts else _token_alert(login, opens, at)
    # A request token of the settings is exchanged by the first unit: before that nothing is wrong.
    is_withheld = switches.paused.get(EVERY_INDEX) == Reason.TOKEN
    if opens is not None or (is_withheld and _session_opens(runtime, at)):
        return _token_alert(login, opens, at)
    return None if raised is None else raised.alert


def _token_alert(login: LoginFacts, opens: datetime | None, at: datetime) -> Alert:
    when = "is open"
    if opens is not None:
        when = f"opens in {(opens - at).total_seconds() / 60:.0f} minutes"
    return TOKEN_MISSING.fire(token=login.state, when=when)


def _opens_soon(runtime: Runtime, at: datetime) -> datetime | None:
    """Return the open of today's first session if it lies less than WARN_BEFORE ahead."""
    opens = min((session.open for session in _sessions(runtime, at)), default=None)
    return opens if opens is not None and at < opens <= at + WARN_BEFORE else None


def verify_panels(runtime: Runtime) -> None:
    """Check the panel files against their manifest and publish what was found."""
    began = runtime.clock.wall()
    issues = dict(runtime.panel_files.verify())
    runtime.bus.publish(PanelsVerified(issues, runtime.clock.wall() - began))
