"""Whether the running system is ready: what keeps each part from it, and what mends that."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from g6.domain.documents.system_facts import SystemFacts, is_old
from g6.domain.reports import CycleReport, ProviderFacts
from g6.domain.schema.words import QueueName, Reason

SILENT_SECONDS = 20.0
"""Wall seconds without a heartbeat after which nobody works, or three heartbeats."""

BEATLESS_SECONDS = 10.0
"""Wall seconds without a sign of a beat, which gives one every two, after which there is none."""

PROVIDER_REASONS = frozenset(reason for reason in Reason if reason.is_of_provider)
"""Reasons for which units go without quotes that speak of the provider."""

PARTS = (
    "redis",
    "bus",
    "beat",
    "worker",
    "heartbeat",
    "cycle",
    "provider",
    "token",
    "stream",
    "data",
    "disk",
    "status file",
)
"""What readiness is made of, in the order in which one depends on those before."""

REDIS_FIX = "start that server, or see g6 config show --origin for where its address was set"
HEARTBEAT_FIX = "g6 ps lists what lives"
CYCLE_FIX = "g6 doctor; g6 logs --level WARNING"


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why one part of the system is not ready.

    Attributes:
        part: One of `PARTS`.
        sentence: What is wrong.
        fix: The command that mends it, empty where none does.
    """

    part: str
    sentence: str
    fix: str = ""

    @property
    def text(self) -> str:
        """The trouble as one line.

        >>> Trouble("token", "expired", "g6 login").text
        'token: expired; fix: g6 login'
        """
        fix = f"; fix: {self.fix}" if self.fix else ""
        return f"{self.part}: {self.sentence}{fix}"


def readiness(system: SystemFacts) -> tuple[str, ...]:
    """Return what is missing before the system is ready, empty when nothing is.

    >>> from datetime import UTC, datetime
    >>> at = datetime(2026, 11, 18, 5, 30, tzinfo=UTC)
    >>> readiness(SystemFacts(0.0, at, 60.0, 60, ["NIFTY"], "sim"))
    ('heartbeat: none yet; fix: g6 ps lists what lives',)
    """
    return tuple(trouble.text for trouble in troubles(system))


def troubles(system: SystemFacts) -> Iterator[Trouble]:
    """Yield why parts of the system are not ready, by part.

    >>> from datetime import UTC, datetime
    >>> at = datetime(2026, 11, 18, 5, 30, tzinfo=UTC)
    >>> system = SystemFacts(0.0, at, 60.0, 60, ["NIFTY"], "sim")
    >>> [trouble.text for trouble in troubles(system)]
    ['heartbeat: none yet; fix: g6 ps lists what lives']
    """
    if system.redis_trouble:
        yield Trouble("redis", system.redis_trouble, REDIS_FIX)
        if system.beat is None:
            # Nothing else is known of a system that was never heard of.
            return
    if system.trouble and not system.redis_trouble:
        yield Trouble("bus", system.trouble)
    if system.refused:
        yield Trouble("status file", system.refused)
    yield from _machine_troubles(system)
    yield from _provider_troubles(system.report)
    yield from _feed_troubles(system)
    yield from _cycle_troubles(system)


def _machine_troubles(system: SystemFacts) -> list[Trouble]:
    """Return what the heartbeat says against readiness.

    Capacity is asked for: a beat that lives, and a worker for each queue. A worker that was stopped
    while another serves its queues is none of it.
    """
    troubles = _capacity_troubles(system)
    if system.beat is None:
        return troubles or [Trouble("heartbeat", "none yet", HEARTBEAT_FIX)]
    silent = system.wall - system.beat_at
    beats = 0.0 if system.beat.plan is None else system.beat.plan.heartbeat_seconds
    if silent > max(SILENT_SECONDS, 3 * beats):
        return troubles or [Trouble("heartbeat", f"none for {silent:.0f} s", HEARTBEAT_FIX)]
    if system.beat.refused:
        refusal = system.beat.refused[0]
        troubles.append(Trouble("disk", f"rows are not stored: {refusal.sentence}", refusal.fix))
    return troubles


def _capacity_troubles(system: SystemFacts) -> list[Trouble]:
    """Return a beat that is not there and queues that nobody serves, with what starts them."""
    troubles: list[Trouble] = []
    if system.last_beat is not None and system.wall - system.last_beat > BEATLESS_SECONDS:
        silent = system.wall - system.last_beat
        troubles.append(Trouble("beat", f"no beat for {silent:.0f} s", "celery -A g6 beat"))
    vitals = system.vitals
    if vitals is None and system.beat is not None:
        vitals = system.beat.vitals
    if vitals is None or not vitals.workers:
        return troubles
    # A worker of an earlier version does not say what it serves.
    if any(worker.up and worker.queues is None for worker in vitals.workers.values()):
        return troubles
    served = vitals.queues_of_workers(up=True)
    unserved = [str(name) for name in QueueName if name not in served]
    if unserved:
        start = f"celery -A g6 worker -Q {','.join(unserved)}"
        troubles.append(Trouble("worker", f"nobody serves {', '.join(unserved)}", start))
    return troubles


def _provider_troubles(report: CycleReport | None) -> list[Trouble]:
    """Return the provider's reasons of a last cycle in which nothing was analysed."""
    if report is None or report.is_analysed:
        return []
    reasons = PROVIDER_REASONS & set(report.reasons.values())
    if not reasons:
        return []
    return [Trouble("provider", f"{', '.join(sorted(reasons))} in the last cycle", "g6 check")]


def _cycle_troubles(system: SystemFacts) -> list[Trouble]:
    """Return that an open market goes without analysed cycles."""
    if not _is_open(system):
        return []
    if not system.last_success:
        return [Trouble("cycle", "none closed yet", CYCLE_FIX)]
    late = system.wall - system.last_success
    if late <= max(30.0, 3 * system.step):
        return []
    return [Trouble("cycle", f"the last success was {late:.0f} s ago", CYCLE_FIX)]


def _is_open(system: SystemFacts) -> bool:
    return any(phase.is_open for phase in system.phases.values())


def _feed_troubles(system: SystemFacts) -> list[Trouble]:
    """Return what keeps fresh data from coming: no token, a stream that is away, old quotes."""
    provider = ProviderFacts() if system.beat is None else system.beat.provider
    is_open = _is_open(system)
    troubles: list[Trouble] = []
    if provider.login is not None and not provider.login.is_valid:
        troubles.append(Trouble("token", provider.login.state, "g6 login"))
    connections = {} if provider.ticker is None else provider.ticker.connections
    for number, connection in connections.items():
        if connection.state == "refused" or (is_open and connection.state != "open"):
            seen = f"connection {number} is {connection.state}"
            troubles.append(Trouble("stream", seen, "g6 status --json shows each connection"))
    if is_open and system.report is not None:
        old = [row["underlying"] for row in system.report.rows if is_old(system, row)]
        if old:
            troubles.append(Trouble("data", f"quotes of {', '.join(old)} have stopped", "g6 check"))
    return troubles
