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
        is_own: Whether it is the embedded server, which G6 itself looks after.
    """

    address: str = ""
    trouble: str = ""
    fix: str = ""
    maxmemory_policy: str | None = None
    appendonly: bool | None = None
    is_own: bool = False


@dataclass(frozen=True, slots=True)
class DirectoryHealth:
    """The data directory and its disk.

    Attributes:
        path: Where it is.
        trouble: Why it cannot be written, empty when it can.
        free_bytes: Room on its disk, None unknown.
        open_secrets: Files with secrets that others may read, with their modes as text.
    """

    path: str = ""
    trouble: str = ""
    free_bytes: float | None = None
    open_secrets: Sequence[tuple[str, str]] = ()


@dataclass(frozen=True, slots=True)
class MachineFacts:
    """All that `g6 doctor` looks at.

    Attributes:
        now: Wall time in epoch seconds.
        today: The date in India.
        last_year: The last year that the exchange calendar covers.
        login: The access token, None where the provider needs none.
        vitals: Queues and processes, None where no system runs.
        ports: Why a port of `g6 serve` cannot be opened, by setting. Nothing for one that can, or
            that the system itself has open.
        refusals: What the settings ask for and cannot have, with a fix each.
        cautions: What works less well than a person may expect.
        restart_reasons: Settings that changed since the system started, a sentence each.
        open_files: How many files a process may open.
    """

    now: float
    today: date
    last_year: int
    redis: RedisHealth = field(default_factory=RedisHealth)
    directory: DirectoryHealth = field(default_factory=DirectoryHealth)
    login: LoginFacts | None = None
    vitals: VitalSigns | None = None
    ports: Mapping[str, str] = field(default_factory=dict)
    refusals: Sequence[tuple[str, str]] = ()
    cautions: Sequence[str] = ()
    restart_reasons: Sequence[str] = ()
    open_files: int = 1024
