"""What the system says of itself between cycles: a heartbeat, and the check of the panel files."""

from __future__ import annotations

from datetime import datetime, timedelta
from math import inf

from g6.domain.market.calendar import day_of
from g6.domain.reports import (
    Alert,
    Heartbeat,
    LoginFacts,
    PanelsVerified,
    ProviderFacts,
    RunningPlan,
    StreamFacts,
)
from g6.domain.reports.alerts import (
    STREAM_SECONDS,
    STREAM_SILENT,
    TOKEN_MISSING,
    clock_alert,
    disk_alert,
    stall_alert,
)
from g6.domain.schema.words import QuoteSource
from g6.pipeline.runtime import SWEEP_SECONDS, Runtime
from g6.pipeline.sink_refusals import forget_old

WARN_BEFORE = timedelta(minutes=60)
"""How long before the open a person is told that there is no token for it."""
REMIND_SECONDS = 60.0
"""Wall seconds between two alerts of a state that lasts."""
OTHER_STREAMS_FIX = (
    "REST takes the token and the stream refuses it: "
    "end other streams of this API key (three are allowed), or g6 login"
)
CONNECTIONS_FIX = "g6 status --json shows each connection; where no g6 up runs it, g6 ticker"


def heartbeat(runtime: Runtime) -> None:
    """Publish queues, workers, clocks, open markets and the provider's state, if one is due.

    Alerts of states that last are fired with it, once a minute.
    """
    if runtime.clock.wall() % runtime.heartbeat_seconds >= SWEEP_SECONDS:
        return
    at = runtime.clock.market()
    switches = runtime.controls.read()
    report = Heartbeat(
        vitals=runtime.vitals.read(),
        refused=forget_old(runtime, switches),
        market_open=_open_markets(runtime, at),
        provider=runtime.provider.describe(),
        plan=_running_plan(runtime),
    )
    runtime.bus.publish(report)
    _remind(runtime, disk_alert(report.refused, report.vitals.disk_free_bytes))
    _remind(runtime, clock_alert(report.vitals.clock_skew_seconds))
    _remind(runtime, _stall(runtime, at))
    _remind(runtime, _stream(runtime, report.provider, at))
    _warn_of_token(runtime, report.provider.login, at)


def _open_markets(runtime: Runtime, at: datetime) -> dict[str, bool]:
    """Return whether each exchange is in session. A recording always is."""
    return {
        exchange: runtime.feeds is not None or runtime.calendar.is_open(exchange, at)
        for exchange in runtime.plan.exchanges
    }


def _running_plan(runtime: Runtime) -> RunningPlan:
    return RunningPlan(
        indices=tuple(runtime.plan.indices),
        interval=runtime.plan.interval,
        step=runtime.timing.step,
        config_id=runtime.plan.config_id,
        heartbeat_seconds=runtime.heartbeat_seconds,
        max_quote_age=runtime.plan.quality.max_quote_age,
    )


def _remind(runtime: Runtime, alert: Alert | None) -> None:
    """Fire an alert with one heartbeat a minute."""
    is_due = runtime.clock.wall() % REMIND_SECONDS < runtime.heartbeat_seconds
    if alert is not None and is_due:
        runtime.bus.publish(alert, key=alert.state)


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
    day = day_of(at)
    sessions = [runtime.calendar.session(exchange, day) for exchange in runtime.plan.exchanges]
    return [
        session.open
        for session in sessions
        if session is not None and session.open <= at <= session.close
    ]


def _warn_of_token(runtime: Runtime, login: LoginFacts | None, at: datetime) -> None:
    """Fire the alert of a token that ends before the market opens, once a day."""
    opens = _opens_soon(runtime, at)
    if login is None or opens is None:
        return
    ahead = (opens - at).total_seconds()
    if login.is_valid and (login.seconds_left or inf) > ahead:
        return
    day = day_of(at).isoformat()
    if runtime.controls.read().token_warned == day:
        return
    runtime.controls.set("token_warned", day)
    alert = TOKEN_MISSING.fire(minutes=ahead / 60, token=login.state)
    runtime.bus.publish(alert, key=alert.state)


def _opens_soon(runtime: Runtime, at: datetime) -> datetime | None:
    """Return the open of today's first session if it lies less than WARN_BEFORE ahead."""
    day = day_of(at)
    sessions = [runtime.calendar.session(exchange, day) for exchange in runtime.plan.exchanges]
    opens = min((session.open for session in sessions if session is not None), default=None)
    return opens if opens is not None and at < opens <= at + WARN_BEFORE else None


def verify_panels(runtime: Runtime) -> None:
    """Check the panel files against their manifest and publish what was found."""
    began = runtime.clock.wall()
    issues = dict(runtime.panel_files.verify())
    runtime.bus.publish(PanelsVerified(issues, runtime.clock.wall() - began))
