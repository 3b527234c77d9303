"""What the system says of itself between cycles: a heartbeat, and the check of the panel files."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from math import inf
from typing import Any

from g6.domain.market.calendar import day_of
from g6.pipeline.refusals import alert, forget_old
from g6.pipeline.runtime import Runtime

WARN_BEFORE = timedelta(minutes=60)
"""How long before the open a person is told that there is no token for it."""
SKEW_SECONDS = 0.2
"""A host whose clock is further than this from Redis' is told of, once a minute: cycles would begin early or expire."""
SWEEP_SECONDS = 2.0
"""Wall seconds between two sweeps, each of which may carry a heartbeat."""
REMIND_SECONDS = 60.0
LITTLE_BYTES = 64e6
"""Room below which a disk is told of, once a minute: a day of six indices takes more."""
STALL_SECONDS = 180.0
"""Wall seconds in an open market without a cycle that analysed anything, after which that is told, once a minute."""
STREAM_SECONDS = 60.0
"""Wall seconds in an open market without a living tick stream, after which that is told, once a minute."""


def heartbeat(runtime: Runtime) -> None:
    """Publish queue depths, workers, clock skew, open markets and the provider's state, if a heartbeat is due."""
    if runtime.clock.wall() % runtime.heartbeat_seconds >= SWEEP_SECONDS:
        return
    at = runtime.clock.market()
    exchanges = runtime.plan.exchanges
    refused = forget_old(runtime, runtime.controls.read())
    payload = {
        **runtime.vitals.read(),
        "refused": [dict(fact) for fact in refused],
        "market_open": {
            exchange: runtime.feeds is not None or runtime.calendar.is_open(exchange, at)
            for exchange in exchanges
        },
        "provider": dict(runtime.provider.describe()),
        "plan": {
            "indices": list(runtime.plan.indices),
            "interval": runtime.plan.interval,
            "step": runtime.timing.step,
            "config_id": runtime.plan.config_id,
            "heartbeat_seconds": runtime.heartbeat_seconds,
            "max_quote_age": runtime.plan.quality.max_quote_age,
        },
    }
    runtime.bus.publish("heartbeat", payload)
    _warn_of_disk(runtime, refused, payload.get("disk_free_bytes"))
    _warn_of_clocks(runtime, payload.get("clock_skew_seconds") or {})
    _warn_of_stall(runtime, at)
    _warn_of_stream(runtime, payload["provider"], at)
    _warn_of_token(runtime, payload["provider"].get("login"), at)


def _warn_of_disk(runtime: Runtime, refused: list[Mapping[str, Any]], free: float | None) -> None:
    """Once a minute tell what sinks refuse; before they do, that little room is left."""
    if refused and _remind(runtime):
        runtime.bus.publish("alert", alert(refused), key="disk")
    elif free is not None and free < LITTLE_BYTES and _remind(runtime):
        sentence = f"the disk of the data directory has {free / 1e6:.1f} MB left"
        fix = "free space there; g6 data size, g6 data compact, g6 retention plan"
        runtime.bus.publish(
            "alert", {"state": "disk", "sentence": sentence, "fix": fix}, key="disk"
        )


def _warn_of_clocks(runtime: Runtime, skews: Mapping[str, float]) -> None:
    wrong = {host: skew for host, skew in skews.items() if abs(skew) > SKEW_SECONDS}
    if wrong and _remind(runtime):
        said = ", ".join(f"{host} is {skew:+.2f} s" for host, skew in wrong.items())
        fix = "timedatectl set-ntp true, on the host and on Redis' host"
        sentence = f"clocks differ: {said} from Redis"
        runtime.bus.publish(
            "alert", {"state": "clock", "sentence": sentence, "fix": fix}, key="clock"
        )


def _remind(runtime: Runtime) -> bool:
    """True for one heartbeat a minute."""
    return runtime.clock.wall() % REMIND_SECONDS < runtime.heartbeat_seconds


def _warn_of_stall(runtime: Runtime, at: datetime) -> None:
    opens = [runtime.clock.wall_of(opening) for opening in _opened(runtime, at)]
    if runtime.feeds is not None or not opens:
        return
    now = runtime.clock.wall()
    silent = now - max(min(opens), runtime.ledger.last_success(now))
    if silent >= max(STALL_SECONDS, 3 * runtime.timing.step) and _remind(runtime):
        sentence = f"no cycle has analysed anything for {silent:.0f} seconds of an open market"
        runtime.bus.publish(
            "alert",
            {"state": "stall", "sentence": sentence, "fix": "g6 status; g6 ps"},
            key="stall",
        )


def _warn_of_stream(runtime: Runtime, provider: Mapping[str, Any], at: datetime) -> None:
    """Tell of a ticker that brings nothing, be it mute, refused, dead or never started; REST bridges a few instruments only."""
    if "ticker" not in provider:
        return
    now, since = runtime.clock.wall(), runtime.controls.read().get("stream_silent_since")
    if provider.get("source") == "stream" or not _opened(runtime, at):
        if since is not None:
            runtime.controls.set("stream_silent_since", None)
    elif since is None:
        runtime.controls.set("stream_silent_since", now)
    elif now - since >= STREAM_SECONDS and _remind(runtime):
        sentence = f"the tick stream has been silent for {now - since:.0f} seconds of an open market; REST bridges"
        runtime.bus.publish(
            "alert",
            {"state": "stream", "sentence": sentence, "fix": _stream_fix(provider)},
            key="stream",
        )


def _stream_fix(provider: Mapping[str, Any]) -> str:
    """Return what helps a stream that brings nothing, as far as it is known."""
    states = {connection["state"] for connection in provider["ticker"]["connections"].values()}
    if "refused" not in states:
        return "g6 status --json shows each connection; where no g6 up runs it, g6 ticker"
    if (provider.get("login") or {}).get("state") == "valid":
        return "REST takes the token and the stream refuses it: end other streams of this API key (three are allowed), or g6 login"
    return "g6 login"


def _opened(runtime: Runtime, at: datetime) -> list[datetime]:
    """Return when the sessions that are open at `at` began, one per exchange."""
    exchanges = runtime.plan.exchanges
    sessions = [runtime.calendar.session(exchange, day_of(at)) for exchange in exchanges]
    return [
        session.open
        for session in sessions
        if session is not None and session.open <= at <= session.close
    ]


def _warn_of_token(runtime: Runtime, token: Mapping[str, Any] | None, at: datetime) -> None:
    """Before the open, and once a day, tell that there is no token for the session, or that it ends before the open."""
    if token is None:
        return
    opens = _opens_soon(runtime, at)
    if opens is None or (
        token["state"] == "valid" and (token["seconds_left"] or inf) > (opens - at).total_seconds()
    ):
        return
    day = day_of(at).isoformat()
    if runtime.controls.read().get("token_warned") != day:
        runtime.controls.set("token_warned", day)
        minutes = (opens - at).total_seconds() / 60
        sentence = (
            f"the market opens in {minutes:.0f} minutes and the access token is {token['state']}"
        )
        runtime.bus.publish(
            "alert", {"state": "token", "sentence": sentence, "fix": "g6 login"}, key="token"
        )


def _opens_soon(runtime: Runtime, at: datetime) -> datetime | None:
    """Return the open of today's first session if it lies less than WARN_BEFORE ahead."""
    exchanges = runtime.plan.exchanges
    sessions = [runtime.calendar.session(exchange, day_of(at)) for exchange in exchanges]
    opens = min((session.open for session in sessions if session is not None), default=None)
    return opens if opens is not None and at < opens <= at + WARN_BEFORE else None


def verify_panels(runtime: Runtime) -> None:
    """Check the panel files against their manifest and publish what was found."""
    began = runtime.clock.wall()
    issues = dict(runtime.panel_files.verify())
    runtime.bus.publish(
        "panels.verify", {"issues": issues, "elapsed_seconds": runtime.clock.wall() - began}
    )
