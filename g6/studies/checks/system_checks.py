"""The looks at the system that runs: its clocks, messages, workers, versions and switches."""

from __future__ import annotations

from collections.abc import Iterator

from g6.domain.documents.machine_facts import DriverHealth, MachineFacts
from g6.domain.reports import VitalSigns, WorkerFacts
from g6.domain.reports.alerts import SKEW_SECONDS
from g6.domain.reports.heartbeat import BEAT
from g6.domain.reports.switches import EVERY_INDEX
from g6.studies.checks.health_finding import (
    Check,
    HealthFinding,
    redis_client,
    well,
    wrong,
)

__all__ = ["SYSTEM_CHECKS"]

UNREADABLE = "unreadable"
UNREADABLE_KEY = "celery:unreadable"
BACKLOG_SECONDS = 60.0
STARTED_BY = ("g6 up", "g6 live", "g6")
"""Drivers whose processes come and go with them."""


def _clock(facts: MachineFacts) -> Iterator[HealthFinding]:
    skews = _vitals(facts).clock_skew_seconds
    differing = {host: skew for host, skew in skews.items() if abs(skew) > SKEW_SECONDS}
    if differing:
        hosts = ", ".join(f"{host} {skew:+.2f} s" for host, skew in differing.items())
        yield wrong("clock", f"differs from Redis': {hosts}", "timedatectl set-ntp true")
    else:
        yield well("clock", "agrees with Redis'")


def _messages(facts: MachineFacts) -> Iterator[HealthFinding]:
    vitals = _vitals(facts)
    ages = {queue: facts.now - sent for queue, sent in vitals.oldest_sent.items()}
    stale = {queue: age for queue, age in ages.items() if age > BACKLOG_SECONDS}
    if unreadable := vitals.queues.get(UNREADABLE, 0):
        client = redis_client(facts.redis.address)
        key = f"{facts.own.namespace}:{UNREADABLE_KEY}"
        seen = (
            f"{unreadable} messages were none that G6 can read; they are set aside. "
            f"{client} lrange {key} 0 9 shows the newest"
        )
        fix = f"{client} del {key}, once the program that sends them is ended"
        yield wrong("messages", seen, fix)
    for queue, age in stale.items():
        seen = f"the oldest message of queue {queue} has waited {age:.0f} s"
        yield wrong("messages", seen, f"celery -A g6 worker -Q {queue}")
    if not unreadable and not stale:
        waiting = sum(vitals.queues.values())
        yield well("messages", f"{waiting} waiting, none for long")


def _workers(facts: MachineFacts) -> Iterator[HealthFinding]:
    vitals = _vitals(facts)
    served: set[str] = set()
    for worker in vitals.workers.values():
        if worker.up:
            served |= set(vitals.queues if worker.queues is None else worker.queues)
    unserved = sorted(vitals.queues.keys() - served - {UNREADABLE})
    if unserved:
        names = ", ".join(unserved)
        fix = f"celery -A g6 worker -Q {','.join(unserved)}"
        yield wrong("workers", f"nobody serves {names}", fix)
    for name, worker in vitals.workers.items():
        if worker.up:
            continue
        seen = f"{name} gave no sign of life of late"
        # One that was stopped while another serves its queues is none that is missing.
        if worker.queues and served.issuperset(worker.queues):
            yield well("workers", f"{seen}; others serve its queues")
        elif not unserved or not worker.queues:
            yield wrong("workers", seen, "g6 ps lists what lives; start it again")
    if not unserved and vitals.workers:
        yield well("workers", vitals.living_workers)


def _versions(facts: MachineFacts) -> Iterator[HealthFinding]:
    own = facts.own
    for name, worker in _living(facts):
        if worker.version and worker.version != own.version:
            seen = f"{name} runs G6 {worker.version}, and this is {own.version}"
            install = f"pip install g6=={own.version}"
            fix = f"kill -TERM {worker.pid} on {worker.host}; {install} there, and start it again"
            yield wrong("versions", seen, fix)


def _code(facts: MachineFacts) -> Iterator[HealthFinding]:
    own = facts.own
    stale: dict[str, WorkerFacts] = {}
    for name, worker in _living(facts):
        is_same = worker.host == own.host and worker.version == own.version
        if is_same and worker.code and own.code and worker.code != own.code:
            stale[name] = worker
    if stale:
        seen = f"{', '.join(stale)} runs code that has changed on the disk since its start"
        yield wrong("code", seen, _end_and_start(facts, stale))


def _end_and_start(facts: MachineFacts, workers: dict[str, WorkerFacts]) -> str:
    supervisor = _supervisor(facts)
    if supervisor is not None:
        return f"kill -TERM {supervisor.pid}, then {supervisor.who}"
    pids = " ".join(str(worker.pid) for worker in workers.values())
    queues = ",".join(sorted({name for worker in workers.values() for name in worker.queues or ()}))
    return f"kill -TERM {pids}, then celery -A g6 worker{f' -Q {queues}' if queues else ''}"


def _supervisor(facts: MachineFacts) -> DriverHealth | None:
    """Return the driver on this host that started the processes, None where Celery's own runs."""
    for driver in facts.drivers:
        if driver.host == facts.own.host and driver.who in STARTED_BY:
            return driver
    return None


def _namespace(facts: MachineFacts) -> Iterator[HealthFinding]:
    for driver in facts.drivers:
        if driver.version and driver.version != facts.own.version:
            seen = (
                f"the namespace is in use by G6 {driver.version} ({driver.who}, process "
                f"{driver.pid} on {driver.host}), and this is {facts.own.version}"
            )
            fix = f"kill -TERM {driver.pid} on {driver.host}, or --set namespace=NAME"
            yield wrong("namespace", seen, fix)


def _restart(facts: MachineFacts) -> Iterator[HealthFinding]:
    # What a system that is over was started with changes nothing of the next one.
    for driver in facts.drivers[:1]:
        fix = f"kill -TERM {driver.pid} on {driver.host}, then {driver.who}"
        for sentence in facts.restart_reasons:
            yield wrong("restart", sentence, fix)


def _processes(facts: MachineFacts) -> Iterator[HealthFinding]:
    up = {process.role for process in _vitals(facts).processes if process.up}
    for role, fix in (("beat", "celery -A g6 beat"), ("serve", "g6 serve")):
        if role in up:
            yield well(role, _living_beats(facts) if role == BEAT else "alive")
        else:
            yield wrong(role, f"no {role} gives a sign of life", fix)


def _living_beats(facts: MachineFacts) -> str:
    """Return which beats live, and which of them gave a sign of life before."""
    beats = _vitals(facts).beats
    silent = [name for name, is_up in beats.items() if not is_up]
    living = ", ".join(name for name, is_up in beats.items() if is_up)
    return f"{living} alive" + (f"; {', '.join(silent)} silent" if silent else "")


def _switches(facts: MachineFacts) -> Iterator[HealthFinding]:
    for index, reason in facts.paused.items():
        name = "every index" if index == EVERY_INDEX else index
        yield wrong("switches", f"{name} is paused ({reason})", "g6 control paused none")


def _alerts(facts: MachineFacts) -> Iterator[HealthFinding]:
    for sentence, fix in facts.alerts:
        yield wrong("alerts", sentence, fix or "g6 logs --level WARNING shows when it began")


def _living(facts: MachineFacts) -> Iterator[tuple[str, WorkerFacts]]:
    for name, worker in _vitals(facts).workers.items():
        if worker.up:
            yield name, worker


def _vitals(facts: MachineFacts) -> VitalSigns:
    return facts.vitals or VitalSigns()


SYSTEM_CHECKS = (
    Check(
        "clock", "A host's clock differs from Redis' by more than 0.2 s.", _clock, of_system=True
    ),
    Check(
        "messages",
        "Messages wait for a minute, or are none that G6 can read.",
        _messages,
        of_system=True,
    ),
    Check("workers", "A queue has no worker, or a worker is silent.", _workers, of_system=True),
    Check("versions", "A worker runs another version of G6.", _versions, of_system=True),
    Check("code", "A worker runs code that was changed since its start.", _code, of_system=True),
    Check("namespace", "Another version of G6 drives the namespace.", _namespace, of_system=True),
    Check("restart", "Settings have changed since the system started.", _restart, of_system=True),
    Check(
        "beat, serve", "No beat sends cycles, or nobody serves pages.", _processes, of_system=True
    ),
    Check("switches", "Somebody paused an index.", _switches, of_system=True),
    Check("alerts", "An alert of the running system lasts.", _alerts, of_system=True),
)
