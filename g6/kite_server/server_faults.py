"""What goes wrong on request, one word each: for so many times, so long, or until it is cleared."""

from __future__ import annotations

import random
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from datetime import datetime
from difflib import get_close_matches
from threading import Lock
from types import MappingProxyType
from typing import Any

from g6.errors import BadConfig

FAULTS: Mapping[str, str] = MappingProxyType(
    {
        "429": "one request too many: NetworkException",
        "403": "a dead token: TokenException",
        "error": "status `value` and `error_type` in the broker's envelope",
        "html": "status `value` (502) and a page of HTML",
        "no_error_type": "status `value` (500) and an envelope without error_type",
        "truncated": "JSON that breaks off",
        "no_content_type": "an answer without a content type",
        "delay": "`value` seconds before the answer",
        "reset": "the connection is reset instead of an answer",
        "missing_keys": "a share `value` (0.1) of a quote's keys is left out",
        "mute": "sockets that are open stay so and send nothing, heartbeats neither; `value` all: new ones too",
        "drop": "sockets are cut off, `value` of them or all",
        "close": "sockets are closed in order, `value` of them or all",
        "garbage": "a frame of noise instead of one of ticks",
        "refuse": "the socket's handshake ends with 403",
        "flush": "every access token dies, once",
        "settlement": "from 06:30 to the open, last prices are settlement prices, theoretical ones where nothing traded",
        "freeze": "the index named `value` (all) stands still",
    }
)
"""What each fault does."""

HTTP = (
    "429",
    "403",
    "error",
    "html",
    "no_error_type",
    "truncated",
    "no_content_type",
    "delay",
    "reset",
    "missing_keys",
)


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault that is on. `count`: how many times more, None without end; `seconds`: how long on the wall, None for good.

    `share`: of the requests it meets, which part it strikes; `family`: only of quote, historical or other; `path`: only where the
    request's path begins so.
    """

    name: str
    value: str = ""
    count: int | None = None
    seconds: float | None = None
    share: float = 1.0
    family: str = ""
    path: str = ""
    error_type: str = "GeneralException"
    since: float = 0.0
    market_since: datetime | None = None

    def number(self, otherwise: float) -> float:
        """Return `value` as a number."""
        return float(self.value) if self.value else otherwise

    def told(self) -> dict[str, Any]:
        """Return it as JSON-able facts."""
        return asdict(self) | {
            "market_since": self.market_since.isoformat() if self.market_since else None
        }


_KINDS: Mapping[str, type] = MappingProxyType({"count": int, "seconds": float, "share": float})
_SETTABLE = tuple(each.name for each in fields(Fault) if each.name not in ("since", "market_since"))


def fault(told: Mapping[str, Any]) -> Fault:
    """Return the fault that names and values tell. Errors: BadConfig."""
    name = str(told.get("name", ""))
    if name not in FAULTS:
        near = get_close_matches(name, FAULTS, n=1)
        raise BadConfig(
            f"{name!r}: no such fault; there are {', '.join(FAULTS)}",
            f"did you mean {near[0]}?" if near else "",
        )
    if unknown := told.keys() - set(_SETTABLE):
        raise BadConfig(
            f"{name}: no such detail as {', '.join(sorted(unknown))}",
            f"there are {', '.join(_SETTABLE[1:])}",
        )
    try:
        found = {
            key: _KINDS.get(key, str)(value) for key, value in told.items() if value is not None
        }
        made = Fault(**found)
        if name != "freeze":
            made.number(0)
    except (TypeError, ValueError) as error:
        raise BadConfig(f"{name}: {error}", f"for instance {name},count=3,seconds=10") from error
    return made


def parse(text: str) -> Fault:
    """Return the fault that an option tells: `NAME` or `NAME=VALUE`, then `,count=3,seconds=10,family=quote`. Errors: BadConfig."""
    first, *rest = text.split(",")
    name, _, value = first.partition("=")
    details = dict(part.partition("=")[::2] for part in rest)
    return fault({"name": name, **({"value": value} if value else {}), **details})


@dataclass
class ServerFaults:
    """The faults that are on."""

    on: list[Fault] = field(default_factory=list)
    _lock: Lock = field(default_factory=Lock)
    _die: random.Random = field(default_factory=lambda: random.Random(7))

    def add(self, new: Fault, market: datetime) -> Fault:
        """Switch a fault on."""
        begun = replace(new, since=time.time(), market_since=market)
        with self._lock:
            self.on.append(begun)
        return begun

    def clear(self, name: str = "") -> None:
        """Switch off the faults of a name, or all."""
        with self._lock:
            self.on = [each for each in self.on if name and each.name != name]

    def active(self, name: str) -> list[Fault]:
        """Return the faults of that name that are on, without using them up."""
        now = time.time()
        return [each for each in tuple(self.on) if each.name == name and _lasts(each, now)]

    def strikes(self, family: str, path: str, names: tuple[str, ...] = HTTP) -> list[Fault]:
        """Return the faults that strike a request now, each used up once."""
        now, found = time.time(), []
        with self._lock:
            self.on = [each for each in self.on if _lasts(each, now)]
            for place, each in enumerate(self.on):
                meets = (
                    each.name in names
                    and each.family in ("", family)
                    and path.startswith(each.path)
                )
                if meets and self._die.random() < each.share:
                    found.append(each)
                    if each.count is not None:
                        self.on[place] = replace(each, count=each.count - 1)
        return found

    def strike(self, name: str) -> Fault | None:
        """Return the fault of that name if it strikes now, used up once."""
        return next(iter(self.strikes("", "", (name,))), None)


def _lasts(each: Fault, now: float) -> bool:
    return (each.count is None or each.count > 0) and (
        each.seconds is None or now < each.since + each.seconds
    )
