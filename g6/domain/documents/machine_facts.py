"""What one machine and its system are found to be like, before anybody judges it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from g6.domain.reports import LoginFacts, VitalSigns


@dataclass(frozen=True, slots=True)
class RedisHealth:
    """Redis, as it answers a new connection.

    Attributes:
        address: Where it is asked, without a password. Empty where no Redis is known.
        trouble: Why it does not answer, empty when it does.
        fix: What helps then.
        maxmemory_policy: What it evicts when it is full, None unknown.
        appendonly: Whether it writes what it holds to a file, None unknown.
        used_bytes: What it holds, None unknown.
        most_bytes: What it may hold, 0 for no limit.
        is_own: Whether it is the embedded server, which G6 itself looks after.
    """

    address: str = ""
    trouble: str = ""
    fix: str = ""
    maxmemory_policy: str | None = None
    appendonly: bool | None = None
    used_bytes: float | None = None
    most_bytes: float = 0.0
    is_own: bool = False


@dataclass(frozen=True, slots=True)
class DirectoryHealth:
    """The data directory and its disk.

    Attributes:
        path: Where it is.
        trouble: Why it cannot be written, empty when it can.
        fix: What helps then.
        owner: Another system that owns it, in words, empty where none does.
        owner_pid: The process of that system.
        free_bytes: Room on its disk, None unknown.
        open_secrets: Files with secrets that others may read, with their modes as text.
        orphans: Processes that a killed supervisor left running, by name.
        is_there: Whether it exists. A start makes it.
    """

    path: str = ""
    trouble: str = ""
    fix: str = ""
    owner: str = ""
    owner_pid: int = 0
    free_bytes: float | None = None
    open_secrets: Sequence[tuple[str, str]] = ()
    orphans: Mapping[str, int] = field(default_factory=dict)
    is_there: bool = True


@dataclass(frozen=True, slots=True)
class CalendarHealth:
    """The exchange calendar beside the day that is collected.

    Attributes:
        day: The market's day: of a simulated market that of its start.
        years: The years that it covers.
        file: Where additions of the user stand.
        has_file: Whether that file is there.
    """

    day: date
    years: frozenset[int]
    file: str = "config/sessions.local.toml"
    has_file: bool = False


@dataclass(frozen=True, slots=True)
class DumpHealth:
    """The instrument dumps of a source that downloads them.

    Attributes:
        newest: The day of the newest one on this host, by exchange. None where there is none.
        day: The day whose dump is to be there by now, None where none is due.
    """

    newest: Mapping[str, date | None] = field(default_factory=dict)
    day: date | None = None


@dataclass(frozen=True, slots=True)
class DriverHealth:
    """A process that sends cycles into the namespace.

    Attributes:
        who: What a person calls it.
        version: The version of G6 that started the system, empty unknown.
    """

    who: str
    pid: int
    host: str
    version: str = ""


@dataclass(frozen=True, slots=True)
class PortHealth:
    """A port that `g6 serve` cannot open.

    Attributes:
        setting: Its setting.
        trouble: Why it cannot be opened.
        holder: The process that has it open, 0 unknown.
    """

    setting: str
    trouble: str
    holder: int = 0


@dataclass(frozen=True, slots=True)
class OwnCode:
    """What this process is made of, to hold others against it.

    Attributes:
        host: Where it runs.
        version: Its version of G6.
        code: The digest of its source files, empty unknown.
        namespace: The prefix of its keys in Redis.
    """

    host: str = ""
    version: str = ""
    code: str = ""
    namespace: str = "g6"


@dataclass(frozen=True, slots=True)
class MachineFacts:
    """All that `g6 doctor` looks at.

    Attributes:
        now: Wall time in epoch seconds.
        calendar: The exchange calendar.
        login: The access token, None where the provider needs none.
        breaker: State of the provider's breaker, empty where there is none.
        dumps: Instrument dumps, None where the provider has none.
        vitals: Queues and processes, None where no system runs.
        drivers: Who sends cycles into the namespace and lives.
        ports: Ports of `g6 serve` that cannot be opened. None of a system that runs here.
        refusals: What the settings ask for and cannot have, with a fix each.
        cautions: What works less well than a person may expect.
        restart_reasons: Settings that changed since the system started, a sentence each.
        paused: Why an index is not collected, by index, `*` for all.
        alerts: Alerts that are raised: sentence and fix.
        refused_since: The first cycle that the store refused and refuses still, empty of none.
        own: This process.
        open_files: How many files a process may open.
    """

    now: float
    calendar: CalendarHealth
    redis: RedisHealth = field(default_factory=RedisHealth)
    directory: DirectoryHealth = field(default_factory=DirectoryHealth)
    login: LoginFacts | None = None
    breaker: str = ""
    dumps: DumpHealth | None = None
    vitals: VitalSigns | None = None
    drivers: Sequence[DriverHealth] = ()
    ports: Sequence[PortHealth] = ()
    refusals: Sequence[tuple[str, str]] = ()
    cautions: Sequence[str] = ()
    restart_reasons: Sequence[str] = ()
    paused: Mapping[str, str] = field(default_factory=dict)
    alerts: Sequence[tuple[str, str]] = ()
    refused_since: str = ""
    own: OwnCode = field(default_factory=OwnCode)
    open_files: int = 1024
