"""The lint of G6's own settings at start: refusals and warnings.

Celery's settings, which follow from these, have a lint of their own beside the workers.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import NamedTuple

from g6.bootstrap.settings_checks.rest_budget import RestBudget, least_interval, rest_budget
from g6.config.settings_model import Settings, is_loopback
from g6.domain.market.instrument import INVENTED
from g6.ports.sources import Ability

_DAY = 86_400
LEAST_EVENTS_SECONDS = 10.0
"""Wall seconds of events that the bus must hold: twice the shortest time between two storings."""


class Refusal(NamedTuple):
    """Why settings cannot work, and what a person does about it."""

    sentence: str
    fix: str


def refusals(settings: Settings) -> Iterator[Refusal]:
    """Yield the reasons why these settings cannot work."""
    yield from _interval(settings)
    yield from _budget(settings)
    yield from _door(settings)
    yield from _backlog(settings)
    yield from _outlet(settings)
    yield from _invented(settings)


def cautions(settings: Settings) -> Iterator[str]:
    """Yield warnings about settings that work less well than a person may expect."""
    yield from _bridge(settings)
    yield from _events(settings)


def _outlet(settings: Settings) -> Iterator[Refusal]:
    """Refuse a server of time series without the store that its points are read from."""
    if settings.influx.url is None or settings.storage.parquet.enabled:
        return
    yield Refusal(
        "influx.url is set and storage.parquet.enabled is false: points are made of stored rows",
        "set storage.parquet.enabled=true, or leave influx.url out",
    )


def _invented(settings: Settings) -> Iterator[Refusal]:
    """Refuse indices that no exchange has, of a source that is not the simulated market."""
    names = [name for name in settings.indices if name in INVENTED]
    if names and not settings.simulated:
        yield Refusal(
            f"{names[0]} is an index of the simulated market alone, and provider.name is "
            f"{settings.provider.name}",
            f"set provider.name=sim, or index_params.{names[0]}.enabled=false",
        )


def _interval(settings: Settings) -> Iterator[Refusal]:
    if _DAY % settings.interval == 0:
        return
    divisors = [seconds for seconds in range(1, _DAY + 1) if _DAY % seconds == 0]
    down = max(seconds for seconds in divisors if seconds <= settings.interval)
    up = min(seconds for seconds in divisors if seconds >= settings.interval)
    yield Refusal(
        f"interval = {settings.interval} s does not divide a day, "
        "so its grid would move at midnight",
        f"say {down} or {up}",
    )


def _budget(settings: Settings) -> Iterator[Refusal]:
    """Refuse a cycle over REST without room in the provider's one sequence of quote requests."""
    if not settings.source.can(Ability.ACCOUNT) or settings.streamed:
        return
    budget = rest_budget(settings)
    if budget.fits:
        return
    least = f"{least_interval(settings)} s"
    yield Refusal(
        f"interval = {settings.interval} s is too short for {_needs(budget)}",
        f"the smallest interval that works is {least}; "
        "or set ticker.enabled = true, which streams instead",
    )


def _needs(budget: RestBudget) -> str:
    """Return in words what a cycle needs of the sequence of requests, and what it has."""
    return (
        f"{budget.requests} quote requests and {budget.further} further ones: "
        f"the last of them begins {budget.seconds:.1f} s after the cycle's instant, "
        f"and none may begin later than {budget.begin_within:.1f} s"
    )


def _bridge(settings: Settings) -> Iterator[str]:
    """Warn where REST cannot bridge a stream that is away.

    The stream itself works with any interval.
    """
    if not settings.source.can(Ability.ACCOUNT) or not settings.streamed:
        return
    budget = rest_budget(settings)
    if budget.fits:
        return
    yield (
        f"interval = {settings.interval} s holds while the stream lives; "
        "without it there is no time for "
        f"{_needs(budget)}, so that indices end MISSING (provider) or PARTIAL; "
        f"from {least_interval(settings)} s on REST bridges whole cycles"
    )


def _events(settings: Settings) -> Iterator[str]:
    """Warn of a bus that drops events before they are stored and read."""
    bounds = settings.stream_bounds
    if bounds.seconds >= LEAST_EVENTS_SECONDS:
        return
    enough = math.ceil(LEAST_EVENTS_SECONDS * bounds.number / bounds.seconds)
    yield (
        f"redis.max_events = {bounds.number} holds the events of {bounds.seconds:.1f} s with "
        f"{len(settings.indices)} indices and cycles {settings.wall_interval:g} s apart: some are "
        f"dropped before they are stored or read; set {enough} or more, or leave it out"
    )


def _door(settings: Settings) -> Iterator[Refusal]:
    if settings.serve.token is not None or is_loopback(settings.serve.host):
        return
    yield Refusal(
        f"serve.host = {settings.serve.host} would let everybody on the network read "
        "what is collected",
        "set serve.token (export G6_SERVE__TOKEN=$(openssl rand -hex 16)), "
        "or leave serve.host at 127.0.0.1",
    )


def _backlog(settings: Settings) -> Iterator[Refusal]:
    """Refuse shares by which a listener would come and go, or be cut off without a warning."""
    serve = settings.serve
    degrade = f"serve.stream_backlog_degrade = {serve.stream_backlog_degrade:g}"
    if serve.stream_backlog_exit >= serve.stream_backlog_degrade:
        yield Refusal(
            f"serve.stream_backlog_exit = {serve.stream_backlog_exit:g} is not below {degrade}: "
            "a listener would come and go",
            "set serve.stream_backlog_exit lower, or raise serve.stream_backlog_degrade",
        )
    if serve.stream_backlog_warn > serve.stream_backlog_degrade:
        yield Refusal(
            f"serve.stream_backlog_warn = {serve.stream_backlog_warn:g} is above {degrade}: "
            "a listener would be cut off before it is counted as slow",
            "set serve.stream_backlog_warn lower, or raise serve.stream_backlog_degrade",
        )
