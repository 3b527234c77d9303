"""The errors of G6, split by what the caller should do.

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
│   ├── SinkAway              a server of time series, or a channel to people, takes nothing now
│   ├── RedisDown             Redis does not answer, or cannot take a write now
│   └── NoWorker              no worker serves the queue that the work would go to
└── Terminal                  this unit is lost, with a reason: do not try again
    ├── ProviderRefused       missing entitlement, malformed question or answer
    │   └── BadDump           an instrument dump that cannot be used, and no earlier one
    ├── Withheld              nothing was asked, on purpose: the unit is SKIPPED with the reason
    │   ├── BreakerOpen       the provider failed too often: it is left alone for a while
    │   └── TokenDead         no token, or one that the provider refuses: a person must log in
    ├── SinkRefused           a server of time series will never take these points
    ├── FrameMissing          the claim check is gone from Redis
    └── Late                  the unit's deadline has passed
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path


class G6Error(Exception):
    """The base of every error that G6 raises on purpose.

    Attributes:
        sentence: What happened and why.
        fix: The command or edit that mends it, or that says more.
        fix_from_elsewhere: What helps who asks from elsewhere, and names no other system of this
            machine. None where it is the same.
    """

    def __init__(
        self, sentence: str, fix: str = "", *, fix_from_elsewhere: str | None = None
    ) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.fix = fix
        self.fix_from_elsewhere = fix_from_elsewhere

    def __str__(self) -> str:
        return f"{self.sentence}\n  fix: {self.fix}" if self.fix else self.sentence


# The command line exits 2 on these, 3 on NothingToDo, and 1 on all others.
class UserError(G6Error):
    """A mistake that the person who runs G6 can mend."""


class BadConfig(UserError):
    """A setting that is unknown or has a value it cannot have."""


class BadInput(UserError):
    """A file, or a row of it, that cannot be read as what it should be."""

    def __init__(self, path: str | Path, row: int | str | None, reason: str, fix: str = "") -> None:
        self.path = str(path)
        self.row = row
        self.reason = reason
        where = f"{path}, row {row}" if row is not None else str(path)
        super().__init__(f"{where}: {reason}", fix)


class DamagedFile(UserWarning):
    """A warning that a file was left out of an answer because it cannot be read."""


class UncoveredYear(UserError):
    """A session was asked for in a year that the calendar does not cover."""

    def __init__(self, year: int, last: int) -> None:
        self.year = year
        self.last = last
        super().__init__(
            f"the exchange calendar ends with {last}; no session of {year} is known",
            "add the year's holidays and sessions to config/sessions.local.toml",
        )


class UnknownLot(UserError):
    """No known circular or exchange file says how many units a contract is."""

    def __init__(self, root: str, expiry: date, on: date, why: str) -> None:
        self.root = root
        self.expiry = expiry
        self.on = on
        super().__init__(
            f"the lot of {root} expiring {expiry}, as quoted on {on}, is not known: {why}",
            "use figures in units, "
            "or read the lot from the exchange's end-of-day file: g6 lots FILE",
        )


class Unavailable(UserError):
    """A server, port, program or directory that is needed and not there."""


class NothingToDo(G6Error):
    """The request is about something that does not exist, or not any more."""


# Celery retries these with jitter until the unit's deadline; Terminal ones end the unit at once.
class Retryable(G6Error):
    """An error after which another try before the deadline may succeed."""

    reason = "error"


class ProviderBusy(Retryable):
    """The provider is slow, limits G6 or has a bad moment.

    Attributes:
        kind: rate_limit, timeout, network, server or provider.
    """

    reason = "provider"

    def __init__(self, sentence: str, kind: str = "provider") -> None:
        super().__init__(sentence)
        self.kind = kind


class StoreBusy(Retryable):
    """The store cannot take the write now: a lock, a full or read-only disk.

    Attributes:
        errors: The sentence of each sink that refused, by its name.
    """

    reason = "store"

    def __init__(self, sentence: str, errors: Mapping[str, str] | None = None) -> None:
        super().__init__(sentence)
        self.errors: Mapping[str, str] = errors or {"store": sentence}


class SinkAway(Retryable):
    """A server of time series takes no points now, or a channel to people no message."""

    reason = "sink"


class RedisDown(Retryable):
    """Redis does not answer, or cannot take a write: it loads, is full, or changes its master."""

    reason = "redis_down"


class NoWorker(Retryable):
    """No worker serves the queue of the work, so that nothing was sent."""

    reason = "no_worker"


class Terminal(G6Error):
    """An error that ends the unit with `reason`."""

    reason = "error"


class ProviderRefused(Terminal):
    """The provider will not answer this until somebody acts."""

    reason = "provider"


class BadDump(ProviderRefused):
    """An exchange's instrument dump cannot be used, and there is no earlier one."""

    def __init__(self, sentence: str, fix: str = "g6 check kite") -> None:
        super().__init__(sentence, fix)


class Withheld(Terminal):
    """The provider was not asked, on purpose, so that the unit was never begun."""


class BreakerOpen(Withheld):
    """The provider failed too often in a row, and is asked again after a while."""

    reason = "breaker"


class TokenDead(Withheld):
    """There is no access token, or the provider refuses the one there is."""

    reason = "token"

    def __init__(self, sentence: str, fix: str = "g6 login") -> None:
        super().__init__(sentence, fix)

    def __str__(self) -> str:
        return f"{self.sentence}; run {self.fix}"


class SinkRefused(Terminal):
    """A server of time series will never take these points."""

    reason = "sink"


class FrameMissing(Terminal):
    """A frame that a stage needs is not in Redis any more."""

    reason = "frame_missing"


class Late(Terminal):
    """The unit's deadline passed before the stage could run."""

    reason = "expired"
