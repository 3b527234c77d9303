"""The looks at one machine, whether or not a system runs on it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from urllib.parse import urlsplit

from g6.domain.documents.machine_facts import MachineFacts, RedisHealth
from g6.domain.market.calendar import DAYS_AHEAD
from g6.domain.reports.alerts import LITTLE_BYTES
from g6.studies.checks.health_finding import (
    Check,
    HealthFinding,
    redis_client,
    well,
    wrong,
)

__all__ = ["MACHINE_CHECKS"]

FILES_NEEDED = 1024
"""A worker of six indices holds some 60 files open; kombu leaks none. 1,024 is Debian's default."""
FULL_RATIO = 0.9
"""Share of its memory from which on a Redis counts as full: writes are refused at all of it."""
LOOPBACK = ("127.0.0.1", "localhost", "::1")


def _redis(facts: MachineFacts) -> Iterator[HealthFinding]:
    redis = facts.redis
    if not redis.address:
        fix = redis.fix or "g6 up brings a Redis of its own; or set redis.broker_url"
        yield wrong("redis", "no system runs here and none is configured", fix)
    elif redis.trouble:
        yield wrong("redis", redis.trouble, redis.fix or _start_command(redis.address))
    else:
        yield well("redis", f"answers at {redis.address}")


def _start_command(address: str) -> str:
    """Return the command that starts a server where one is asked for and none answers."""
    place = urlsplit(address)
    if place.scheme == "redis" and place.hostname in LOOPBACK and "@" not in address:
        port = place.port or 6379
        return (
            f"redis-server --port {port} --bind {place.hostname} --appendonly yes "
            "--maxmemory-policy noeviction --daemonize yes"
        )
    return "start that server, or see g6 config show --origin for where redis.broker_url was set"


def _redis_memory(facts: MachineFacts) -> Iterator[HealthFinding]:
    redis = facts.redis
    if not _is_configured(redis):
        return
    client = redis_client(redis.address)
    if redis.maxmemory_policy not in {None, "noeviction"}:
        seen = f"maxmemory-policy is {redis.maxmemory_policy}: messages would be evicted"
        yield wrong("redis memory", seen, f"{client} config set maxmemory-policy noeviction")
    if redis.used_bytes and redis.most_bytes and redis.used_bytes > FULL_RATIO * redis.most_bytes:
        seen = (
            f"it holds {redis.used_bytes / 1e6:.0f} MB of {redis.most_bytes / 1e6:.0f}: "
            "writes are refused when it is full"
        )
        more = round(2 * redis.most_bytes)
        yield wrong("redis memory", seen, f"{client} config set maxmemory {more}")


def _redis_file(facts: MachineFacts) -> Iterator[HealthFinding]:
    redis = facts.redis
    if _is_configured(redis) and redis.appendonly is False:
        seen = "appendonly is off: what is in flight dies with the server"
        fix = f"{redis_client(redis.address)} config set appendonly yes"
        yield wrong("redis file", seen, fix)


def _is_configured(redis: RedisHealth) -> bool:
    """Tell whether a Redis answers that G6 did not start itself."""
    return bool(redis.address) and not redis.trouble and not redis.is_own


def _directory(facts: MachineFacts) -> Iterator[HealthFinding]:
    directory = facts.directory
    if directory.trouble:
        fix = directory.fix or (
            f"let this user write there, or choose another with --data-dir: {directory.path}"
        )
        yield wrong("data directory", directory.trouble, fix)
    elif directory.owner:
        seen = f"{directory.path} is in use by another system ({directory.owner})"
        fix = f"kill -TERM {directory.owner_pid}, or choose another directory with --data-dir"
        yield wrong("data directory", seen, fix)
    elif not directory.is_there:
        # Named alone it looked as if it were there, and g6 chain said that it is not.
        yield well("data directory", f"{directory.path} is not there yet; a start makes it")
    else:
        yield well("data directory", directory.path)


def _disk(facts: MachineFacts) -> Iterator[HealthFinding]:
    free = facts.directory.free_bytes
    if free is None:
        yield well("disk", "not there yet")
    elif free < LITTLE_BYTES:
        seen = f"{free / 1e6:.0f} MB left, less than {LITTLE_BYTES / 1e6:.0f}: a day may take more"
        # Compaction writes the new file before it deletes the parts.
        fix = (
            "g6 data compact, where a day's file still fits beside its parts; "
            "g6 data size and g6 retention plan say what else takes room"
        )
        yield wrong("disk", seen, fix)
    else:
        yield well("disk", f"{free / 1e9:.1f} GB left")


def _secret_files(facts: MachineFacts) -> Iterator[HealthFinding]:
    for path, mode in facts.directory.open_secrets:
        seen = f"{path} holds a secret and has mode {mode}"
        yield wrong("secret file", seen, f"chmod 600 {path}")


def _orphans(facts: MachineFacts) -> Iterator[HealthFinding]:
    orphans = facts.directory.orphans
    if orphans:
        names = ", ".join(f"{name} (process {pid})" for name, pid in orphans.items())
        pids = " ".join(str(pid) for pid in orphans.values())
        seen = f"a supervisor that was killed left running: {names}"
        yield wrong("orphans", seen, f"kill -TERM {pids}; the next g6 up does the same")


def _token(facts: MachineFacts) -> Iterator[HealthFinding]:
    login = facts.login
    if login is None:
        return
    if not login.is_valid:
        yield wrong("token", f"the access token is {login.state}", "g6 login")
        return
    hours = "" if login.seconds_left is None else f", {login.seconds_left / 3600:.1f} hours left"
    yield well("token", f"there is one{hours}; g6 check kite asks whether Kite takes it")


def _breaker(facts: MachineFacts) -> Iterator[HealthFinding]:
    if facts.breaker == "open":
        seen = "the provider failed so often that it is left alone for a while"
        yield wrong("breaker", seen, "g6 check says why; it is asked again by itself")


def _dump(facts: MachineFacts) -> Iterator[HealthFinding]:
    dumps = facts.dumps
    if dumps is None:
        return
    stale: list[str] = []
    for exchange, day in dumps.newest.items():
        if dumps.day is not None and (day is None or day < dumps.day):
            stale.append(f"{exchange} is of {day}" if day else f"of {exchange} there is none")
    if stale:
        seen = f"the instrument dump of {dumps.day} is not here: {', '.join(stale)}"
        yield wrong("instruments", seen, "g6 expiries --refresh")
        return
    days = {f"{exchange} of {day}" for exchange, day in dumps.newest.items() if day}
    yield well("instruments", ", ".join(sorted(days)) or "fetched when they are needed")


def _calendar(facts: MachineFacts) -> Iterator[HealthFinding]:
    known = facts.calendar
    year = known.day.year
    if year not in known.years:
        seen = f"the exchange calendar does not cover {year}"
        yield wrong("calendar", seen, _calendar_fix(known.file, year, has_file=known.has_file))
        return
    left = (date(max(known.years), 12, 31) - known.day).days
    if left < DAYS_AHEAD:
        seen = f"the exchange calendar ends on {max(known.years)}-12-31, in {left} days"
        fix = _calendar_fix(known.file, max(known.years) + 1, has_file=known.has_file)
        yield wrong("calendar", seen, fix)
        return
    yield well("calendar", f"covers {year}")


def _calendar_fix(file: str, year: int, *, has_file: bool) -> str:
    if has_file:
        return f"add {year} to covered_years in {file}, and its holidays"
    folder = file.rpartition("/")[0]
    return (
        f"mkdir -p {folder} && echo 'covered_years = [{year}]' > {file}\n"
        f"  then list the holidays of {year} there: docs/how-to/holidays.md"
    )


def _ports(facts: MachineFacts) -> Iterator[HealthFinding]:
    if not facts.ports:
        yield well("ports", "free, or the system's own")
    for port in facts.ports:
        end = f"kill -TERM {port.holder}" if port.holder else "end what has it open"
        yield wrong("ports", port.trouble, f"{end}, or set {port.setting}=0 for a free one")


def _settings(facts: MachineFacts) -> Iterator[HealthFinding]:
    if not facts.refusals:
        yield well("settings", "can work")
    for sentence, fix in facts.refusals:
        yield wrong("settings", sentence, fix)
    for sentence in facts.cautions:
        yield well("settings", sentence)


def _files(facts: MachineFacts) -> Iterator[HealthFinding]:
    if facts.open_files < FILES_NEEDED:
        seen = f"a process may open {facts.open_files} files"
        yield wrong("open files", seen, f"ulimit -n {FILES_NEEDED}")
    else:
        yield well("open files", f"{facts.open_files} a process")


MACHINE_CHECKS = (
    Check("redis", "Redis does not answer, or none is known.", _redis),
    Check("redis memory", "Redis evicts messages, or has no memory left.", _redis_memory),
    Check("redis file", "Redis writes nothing to a file.", _redis_file),
    Check("data directory", "It cannot be written, or another system owns it.", _directory),
    Check("disk", "There is little room left.", _disk),
    Check("secret file", "Others may read a token or a secret.", _secret_files),
    Check("orphans", "Processes of a killed supervisor still run.", _orphans),
    Check("token", "The access token is missing, expired or refused.", _token),
    Check("breaker", "The provider is left alone after many failures.", _breaker),
    Check("instruments", "Today's instrument dump is not here by 08:15.", _dump),
    Check("calendar", "The calendar does not cover the year, or ends soon.", _calendar),
    Check("ports", "A port of `g6 serve` is taken.", _ports),
    Check("settings", "They ask for what cannot work, as too many requests.", _settings),
    Check("open files", "A process may open too few files.", _files),
)
