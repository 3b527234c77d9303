"""Whether this machine can run a session: what is wrong, and the command that mends it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from g6.domain.documents.machine_facts import MachineFacts
from g6.domain.reports import VitalSigns
from g6.domain.reports.alerts import LITTLE_BYTES, SKEW_SECONDS
from g6.ports.readers import MachineReader
from g6.studies.documents import columns_of

__all__ = ["HealthFinding", "HealthParameters", "MachineHealth", "answer", "findings"]

DAYS_AHEAD = 30
"""The calendar is told to end this long before it does."""
FILES_NEEDED = 1024
"""A worker of six indices holds some 60 files open; kombu leaks none. 1,024 is Debian's default."""
UNREADABLE = "unreadable"
BACKLOG_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class HealthParameters:
    """Looks at everything. There is nothing to choose."""


@dataclass(frozen=True, slots=True)
class HealthFinding:
    """One thing that was looked at.

    Attributes:
        check: What was looked at.
        ok: Whether it is well.
        seen: What it is like.
        fix: The command or edit that mends it, empty when it is well.
    """

    check: str
    ok: bool
    seen: str
    fix: str = ""


@dataclass(frozen=True, slots=True)
class MachineHealth:
    """Everything that was looked at, in one order."""

    findings: tuple[HealthFinding, ...]

    @property
    def passes(self) -> bool:
        """Whether everything is well."""
        return all(finding.ok for finding in self.findings)

    def columns(self) -> Mapping[str, list[object]]:
        """Return one line per thing."""
        return columns_of(HealthFinding, self.findings)


def answer(
    reader: MachineReader,
    parameters: HealthParameters,  # noqa: ARG001
) -> MachineHealth:
    """Look at Redis, the disk, the login, the calendar, the ports, the settings and the system."""
    return MachineHealth(tuple(findings(reader.facts())))


def findings(facts: MachineFacts) -> Iterator[HealthFinding]:
    """Yield what each check finds.

    >>> from datetime import date
    >>> facts = MachineFacts(0.0, date(2026, 11, 18), 2026, login=None)
    >>> [finding.check for finding in findings(facts) if not finding.ok]
    ['redis']
    """
    yield from _redis(facts)
    yield from _directory(facts)
    yield from _login(facts)
    yield _calendar(facts.today, facts.last_year)
    yield from _ports(facts.ports)
    yield from _settings(facts)
    yield _files(facts.open_files)
    if facts.vitals is not None:
        yield from _system(facts.vitals, facts.now)


def _redis(facts: MachineFacts) -> Iterator[HealthFinding]:
    redis = facts.redis
    if not redis.address:
        fix = redis.fix or "g6 up brings a Redis of its own; or set redis.broker_url"
        yield HealthFinding(
            "redis", ok=False, seen="no system runs here and none is configured", fix=fix
        )
        return
    if redis.trouble:
        yield HealthFinding("redis", ok=False, seen=redis.trouble, fix=redis.fix)
        return
    yield HealthFinding("redis", ok=True, seen=f"answers at {redis.address}")
    if redis.is_own:
        return
    if redis.maxmemory_policy not in {None, "noeviction"}:
        yield HealthFinding(
            "redis memory",
            ok=False,
            seen=f"maxmemory-policy is {redis.maxmemory_policy}: messages would be evicted",
            fix=f"redis-cli -u {redis.address} config set maxmemory-policy noeviction",
        )
    if redis.appendonly is False:
        yield HealthFinding(
            "redis file",
            ok=False,
            seen="appendonly is off: what is in flight dies with the server",
            fix=f"redis-cli -u {redis.address} config set appendonly yes",
        )


def _directory(facts: MachineFacts) -> Iterator[HealthFinding]:
    directory = facts.directory
    if directory.trouble:
        fix = f"let this user write there, or choose another with --data-dir: {directory.path}"
        yield HealthFinding("data directory", ok=False, seen=directory.trouble, fix=fix)
    else:
        yield HealthFinding("data directory", ok=True, seen=directory.path)
    yield _disk(directory.free_bytes)
    for path, mode in directory.open_secrets:
        sentence = f"{path} holds a secret and has mode {mode}"
        yield HealthFinding("secret file", ok=False, seen=sentence, fix=f"chmod 600 {path}")


def _disk(free: float | None) -> HealthFinding:
    if free is None:
        return HealthFinding("disk", ok=True, seen="not there yet")
    if free < LITTLE_BYTES:
        sentence = f"{free / 1e6:.0f} MB left, and a day of six indices takes more"
        return HealthFinding("disk", ok=False, seen=sentence, fix="g6 data size; g6 retention plan")
    return HealthFinding("disk", ok=True, seen=f"{free / 1e9:.1f} GB left")


def _login(facts: MachineFacts) -> Iterator[HealthFinding]:
    login = facts.login
    if login is None:
        return
    if not login.is_valid:
        yield HealthFinding(
            "token", ok=False, seen=f"the access token is {login.state}", fix="g6 login"
        )
        return
    hours = "" if login.seconds_left is None else f", {login.seconds_left / 3600:.1f} hours left"
    yield HealthFinding("token", ok=True, seen=f"valid{hours}")


def _calendar(today: date, last_year: int) -> HealthFinding:
    ends = date(last_year, 12, 31)
    left = (ends - today).days
    if left < DAYS_AHEAD:
        sentence = f"the exchange calendar ends on {ends}, in {left} days"
        fix = f"add the sessions of {last_year + 1} to config/sessions.local.toml"
        return HealthFinding("calendar", ok=False, seen=sentence, fix=fix)
    return HealthFinding("calendar", ok=True, seen=f"covers {last_year}")


def _ports(ports: Mapping[str, str]) -> Iterator[HealthFinding]:
    if not ports:
        yield HealthFinding("ports", ok=True, seen="free, or the system's own")
    for setting, trouble in ports.items():
        fix = f"end what has it open, or set {setting}=0 for a free one"
        yield HealthFinding("ports", ok=False, seen=trouble, fix=fix)


def _settings(facts: MachineFacts) -> Iterator[HealthFinding]:
    if not facts.refusals:
        yield HealthFinding("settings", ok=True, seen="can work")
    for sentence, fix in facts.refusals:
        yield HealthFinding("settings", ok=False, seen=sentence, fix=fix)
    for sentence in facts.cautions:
        yield HealthFinding("settings", ok=True, seen=sentence)
    for sentence in facts.restart_reasons:
        fix = "end g6 up and start it again"
        yield HealthFinding("restart", ok=False, seen=sentence, fix=fix)


def _files(limit: int) -> HealthFinding:
    if limit < FILES_NEEDED:
        sentence = f"a process may open {limit} files"
        return HealthFinding("open files", ok=False, seen=sentence, fix=f"ulimit -n {FILES_NEEDED}")
    return HealthFinding("open files", ok=True, seen=f"{limit} a process")


def _system(vitals: VitalSigns, now: float) -> Iterator[HealthFinding]:
    yield _clocks(vitals)
    yield from _messages(vitals, now)
    yield from _workers(vitals)
    up = {process.role for process in vitals.processes if process.up}
    for role, fix in (("beat", "celery -A g6 beat"), ("serve", "g6 serve")):
        is_up = role in up
        sentence = "alive" if is_up else f"no {role} gives a sign of life"
        yield HealthFinding(role, ok=is_up, seen=sentence, fix="" if is_up else fix)


def _clocks(vitals: VitalSigns) -> HealthFinding:
    skews = vitals.clock_skew_seconds
    wrong = {host: skew for host, skew in skews.items() if abs(skew) > SKEW_SECONDS}
    if wrong:
        hosts = ", ".join(f"{host} {skew:+.2f} s" for host, skew in wrong.items())
        fix = "timedatectl set-ntp true"
        return HealthFinding("clock", ok=False, seen=f"differs from Redis': {hosts}", fix=fix)
    return HealthFinding("clock", ok=True, seen="agrees with Redis'")


def _messages(vitals: VitalSigns, now: float) -> Iterator[HealthFinding]:
    old = {queue: now - sent for queue, sent in vitals.oldest_sent.items()}
    stale = {queue: age for queue, age in old.items() if age > BACKLOG_SECONDS}
    if unreadable := vitals.queues.get(UNREADABLE, 0):
        sentence = f"{unreadable} messages were none that G6 can read; they are set aside"
        fix = "g6 ps; end the program of another version that sends them"
        yield HealthFinding("messages", ok=False, seen=sentence, fix=fix)
    for queue, age in stale.items():
        sentence = f"the oldest message of queue {queue} has waited {age:.0f} s"
        yield HealthFinding(
            "messages", ok=False, seen=sentence, fix=f"celery -A g6 worker -Q {queue}"
        )
    if not unreadable and not stale:
        waiting = sum(vitals.queues.values())
        yield HealthFinding("messages", ok=True, seen=f"{waiting} waiting, none for long")


def _workers(vitals: VitalSigns) -> Iterator[HealthFinding]:
    down = [name for name, worker in vitals.workers.items() if not worker.up]
    queues: set[str] = set()
    for worker in vitals.workers.values():
        if worker.up:
            queues |= set(worker.queues or vitals.queues)
    for name in down:
        sentence = f"{name} gives no sign of life"
        yield HealthFinding("workers", ok=False, seen=sentence, fix="g6 ps; start it again")
    for queue in sorted(vitals.queues.keys() - queues - {UNREADABLE}):
        sentence = f"nobody serves queue {queue}"
        yield HealthFinding(
            "workers", ok=False, seen=sentence, fix=f"celery -A g6 worker -Q {queue}"
        )
    if not down and vitals.workers:
        yield HealthFinding("workers", ok=True, seen=vitals.living_workers)
