"""Settings -> Wiring: what the ports of one process share, made once.

The ticker's process imports this module and stays below 150 MB resident, so nothing here needs
storage or arithmetic.
"""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass

from redis import Redis

from g6.adapters.clocks import ScaledClock, WallClock
from g6.adapters.data_dir.killed_systems import KilledSystem, killed_systems, process_of
from g6.adapters.data_dir.owner import owner
from g6.adapters.data_dir.running_systems import RunningSystem, running_systems
from g6.adapters.redis.server import connect
from g6.config import Settings, calendar
from g6.config.identity import changed
from g6.domain.market.calendar import Calendar
from g6.domain.schema.layout import Folder
from g6.errors import Unavailable
from g6.files import quoted
from g6.ports.clock import Clock

BRIEF_SECONDS = 0.8
"""How long an answer of Redis is waited for while a person waits: twice at most, 1.6 s."""
STARTS = ("g6 up", "g6 demo", "g6 demo --web", "g6 live")
"""Commands that start a system, as they stand in its record."""


@dataclass(frozen=True, slots=True)
class RedisClients:
    """The clients of one namespace, which connect when they are first used.

    Attributes:
        url: Where messages, ledger, controls and events are.
        main: The client of that server.
        cache: The client of frames and quotes, the same one unless `redis.cache_url` names another
            server.
    """

    url: str
    main: Redis
    cache: Redis


@dataclass(frozen=True, slots=True)
class Wiring:
    """What everything that bootstrap builds for one process has in common.

    Attributes:
        settings: The configuration.
        calendar: The sessions.
        clock: Time of a live source's market.
        redis: None where no Redis is known, as `g6 login` and `g6 check` may find it.
    """

    settings: Settings
    calendar: Calendar
    clock: Clock
    redis: RedisClients | None

    @property
    def namespace(self) -> str:
        """The word before every key."""
        return self.settings.namespace

    @property
    def clients(self) -> RedisClients:
        """The clients, where there must be some.

        Raises:
            LookupError: The wiring was made without Redis.
        """
        if self.redis is None:
            raise LookupError("this wiring was made without Redis")
        return self.redis


def wire(settings: Settings, url: str = "", *, is_patient: bool = True) -> Wiring:
    """Return the wiring of a process.

    Args:
        settings: The configuration.
        url: Where Redis is, when that is known. Else the settings or the data directory say it.
        is_patient: Whether a frozen Redis is waited for, as who works does and who answers not.

    Raises:
        Unavailable: No Redis is known.
    """
    url = url or redis_url(settings)
    connecting = connect_to if is_patient else connect_briefly
    main = connecting(settings, url)
    cache = connecting(settings, settings.redis.cache_url) if settings.redis.cache_url else main
    clients = RedisClients(url, main, cache)
    return Wiring(settings, calendar(), live_clock(settings), clients)


def wire_without_redis(settings: Settings) -> Wiring:
    """Return the wiring of a process that has nobody to share anything with."""
    return Wiring(settings, calendar(), live_clock(settings), None)


def wire_if_running(settings: Settings) -> Wiring:
    """Return the wiring, without Redis where none is known."""
    try:
        return wire(settings)
    except Unavailable:
        return wire_without_redis(settings)


def connect_to(settings: Settings, url: str) -> Redis:
    """Return a client of the Redis at `url`, of the configured master where Sentinels name it."""
    # redis-py 8's own defaults block 59 s on a frozen server. Ours wait 2 s, and once more.
    return connect(url, master_name=settings.redis.master_name or "")


def connect_briefly(settings: Settings, url: str) -> Redis:
    """Return a client that gives a frozen Redis up soon, for who answers a person meanwhile."""
    # /status took 16 s of a frozen Redis: two questions of two tries of 2 s, each with the check of
    # an idle connection before it.
    name = settings.redis.master_name or ""
    return connect(url, timeout=BRIEF_SECONDS, master_name=name, is_patient=False)


def redis_url(settings: Settings) -> str:
    """Return the address of Redis: as configured, else of the G6 that owns the data directory.

    Raises:
        Unavailable: Neither says.
    """
    if settings.redis.broker_url:
        return settings.redis.broker_url
    record = owner(settings.directory) or {}
    if url := record.get("broker"):
        return str(url)
    if record:
        who = record.get("who", "a G6")
        pid = record.get("pid", "?")
        raise Unavailable(
            f"no broker: {settings.directory} is in use by {who} (process {pid}), which has none",
            "wait until that is done, or set G6_REDIS__BROKER_URL=redis://host:6379/0",
        )
    for system in killed_systems(settings.directory / Folder.RUNNING):
        raise Unavailable(
            f"{system.who} of {settings.directory} (process {system.pid}) was killed, "
            "and nothing runs there now",
            _started_again(system),
        )
    sentence = f"no G6 runs on {settings.directory}, and redis.broker_url is not set"
    there = "start one with g6 up, or set G6_REDIS__BROKER_URL=redis://host:6379/0"
    elsewhere = running_systems()
    fix = _looked_at(elsewhere) if elsewhere else there
    # With pyarrow the process of the ticker would be three times as large.
    from g6.adapters.parquet.queries.stored_span import has_rows

    if has_rows(settings.directory):
        # After a demo that ended everybody asks for its status.
        stored = "g6 overview shows what is stored there"
        fix = f"{stored}; {fix}"
        there = f"{stored}; {there}"
    # `g6 web` told strangers where the other systems of the machine run, and as which processes.
    raise Unavailable(sentence, fix, fix_from_elsewhere=there)


def _started_again(system: KilledSystem) -> str:
    """Return the command that starts a killed system again, and what it ends, if anything runs."""
    command = system.who if system.who in STARTS else "g6 up"
    runs = any(process_of(child) is not None for child in system.children)
    return f"{command} starts it again{' and ends what it left running' if runs else ''}"


def _looked_at(systems: Sequence[RunningSystem]) -> str:
    """Return where systems run, and the option with which a command looks at each."""
    lines = [
        f"G6 runs in {system.directory} (process {system.pid}): add {shlex.join(system.options)}"
        for system in systems
    ]
    return "\n       ".join(["start one here with g6 up, or look at one that runs:", *lines])


def live_clock(settings: Settings) -> Clock:
    """Return the clock of a live market: the wall's, unless a look-alike has one of its own."""
    if settings.lookalike and settings.market.origin is not None:
        return ScaledClock(settings.market.origin, settings.market.start, clock_speed(settings))
    return WallClock()


def clock_speed(settings: Settings) -> float:
    """Return the market seconds per wall second, 1 at full speed, which is no speed of a clock."""
    return float(settings.market.speed) if settings.market.speed != "max" else 1.0


def data_option(settings: Settings) -> str:
    """Return the option that names the data directory, empty where it is the default."""
    if not {"data_dir", "demo_dir"} & changed(settings).keys():
        return ""
    directory = settings.demo_dir if settings.simulated else settings.data_dir
    return f"--data-dir {quoted(directory.absolute())}"
