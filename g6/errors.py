"""Everything that can go wrong in G6, split by what the caller should do.

G6Error
├── UserError                 say one sentence and exit 2: the person can mend it
│   ├── BadConfig             a wrong or unknown setting
│   ├── BadInput              a file or recording that cannot be read
│   ├── UncoveredYear         a session was asked for in a year without a calendar
│   ├── UnknownLot            the units of a contract were asked for that no source covers
│   └── Unavailable           a port, program, directory or server that is not there
├── NothingToDo               what was asked for does not exist any more: exit 3
├── Retryable                 try again before the deadline
│   ├── ProviderBusy          rate limit, timeout, a server's bad moment
│   ├── StoreBusy             a lock or a disk that may come back
│   ├── RedisDown             Redis does not answer, or cannot take a write now
│   └── NoWorker              no worker serves the queue that the work would go to
└── Terminal                  this unit is lost, with a reason; do not try again
    ├── ProviderRefused       missing entitlement, malformed question or answer
    │   └── BadDump           an instrument dump that cannot be used, and no earlier one
    ├── Withheld              nothing was asked, on purpose: the unit is SKIPPED with the reason
    │   ├── BreakerOpen       the provider failed too often; it is left alone for a while
    │   └── TokenDead         no token, or one that the provider refuses: a person must log in
    ├── FrameMissing          the claim check is gone from Redis
    └── Late                  the unit's deadline has passed
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path


class G6Error(Exception):
    """The root: everything G6 raises on purpose. `fix` is the command or edit that mends it, or that says more."""

    def __init__(self, sentence: str, fix: str = "") -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.fix = fix

    def __str__(self) -> str:
        return f"{self.sentence}\n  fix: {self.fix}" if self.fix else self.sentence


class UserError(G6Error):
    """Something the person who runs G6 can mend."""


class BadConfig(UserError):
    """A setting that is unknown or has a value it cannot have."""


class BadInput(UserError):
    """A file that cannot be read as what it should be; names the file, the row and the reason."""

    def __init__(self, path: str | Path, row: int | str | None, reason: str, fix: str = "") -> None:
        self.path, self.row, self.reason = str(path), row, reason
        where = f"{path}, row {row}" if row is not None else str(path)
        super().__init__(f"{where}: {reason}", fix)


class DamagedFile(UserWarning):
    """A file that cannot be read was left out of an answer; the warning names it."""


class UncoveredYear(UserError):
    """A session was asked for in a year that the calendar does not cover."""

    def __init__(self, year: int, last: int) -> None:
        self.year, self.last = year, last
        super().__init__(
            f"the exchange calendar ends with {last}; no session of {year} is known",
            "add the year's holidays and sessions to config/sessions.local.toml",
        )


class UnknownLot(UserError):
    """How many units a contract is was asked for, and no circular or exchange file that is known covers it."""

    def __init__(self, root: str, expiry: date, on: date, why: str) -> None:
        self.root, self.expiry, self.on = root, expiry, on
        super().__init__(
            f"the lot of {root} expiring {expiry}, as quoted on {on}, is not known: {why}",
            "use figures in units, or read the lot from the exchange's end-of-day file: g6 lots FILE",
        )


class Unavailable(UserError):
    """A server, port, program or directory that is needed and not there."""


class NothingToDo(G6Error):
    """What was asked for does not exist (any more)."""


class Retryable(G6Error):
    """May succeed when tried again before the deadline."""

    reason = "retryable"


class ProviderBusy(Retryable):
    """The provider is slow, limits us or has a bad moment; `kind` is rate_limit, timeout, network, server or provider."""

    reason = "provider"

    def __init__(self, sentence: str, kind: str = "provider") -> None:
        super().__init__(sentence)
        self.kind = kind


class StoreBusy(Retryable):
    """The store cannot take the write now: a lock, a full or read-only disk; `errors` says what each sink said."""

    reason = "store"

    def __init__(self, sentence: str, errors: Mapping[str, str] | None = None) -> None:
        super().__init__(sentence)
        self.errors: Mapping[str, str] = errors or {"store": sentence}


class RedisDown(Retryable):
    """Redis does not answer, is loading, or cannot take a write now: memory, disk, a change of master."""

    reason = "redis_down"


class NoWorker(Retryable):
    """No worker serves the queue that the work would go to; nothing was sent."""

    reason = "no_worker"


class Terminal(G6Error):
    """Ends the unit with `reason`."""

    reason = "error"


class ProviderRefused(Terminal):
    """The provider will not answer this until somebody acts."""

    reason = "provider"


class BadDump(ProviderRefused):
    """An exchange's instrument dump cannot be used, and there is no earlier one; `fix` is the command that asks again."""

    def __init__(self, sentence: str, fix: str = "g6 check kite") -> None:
        super().__init__(sentence, fix)


class Withheld(Terminal):
    """The provider was left alone on purpose; a unit that meets this was never begun."""


class BreakerOpen(Withheld):
    """The provider failed too often in a row; it is asked again after a while."""

    reason = "breaker"


class TokenDead(Withheld):
    """There is no access token, or the provider refuses the one there is; `fix` is the command that gets a new one."""

    reason = "token"

    def __init__(self, sentence: str, fix: str = "g6 login") -> None:
        super().__init__(sentence, fix)

    def __str__(self) -> str:
        return f"{self.sentence}; run {self.fix}"


class FrameMissing(Terminal):
    """A frame that a stage needs is not in Redis any more."""

    reason = "frame_missing"


class Late(Terminal):
    """The unit's deadline passed before the stage could run."""

    reason = "expired"
