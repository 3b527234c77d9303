"""The faults of the server, one word each: so many times, so long, or until they are cleared."""

from __future__ import annotations

import random
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from datetime import datetime
from threading import Lock
from types import MappingProxyType
from typing import Any

from g6.domain.schema.nearest import nearest
from g6.errors import BadConfig

FAULTS: Mapping[str, str] = MappingProxyType(
    {
        "429": "one request too many: NetworkException",
        "403": "a dead token: TokenException",
        "error": "status `value` and `error_type` in Kite's error envelope",
        "html": "status `value` (502) and a page of HTML",
        "no_error_type": "status `value` (500) and an envelope without error_type",
        "truncated": "JSON that breaks off",
        "no_content_type": "an answer without a content type",
        "delay": "`value` seconds before the answer",
        "reset": "the connection is reset instead of an answer",
        "missing_keys": "a share `value` (0.1) of a quote's keys is left out",
        "mute": "sockets that are open stay so and send nothing, heartbeats neither; "
        "`value` all: new ones too",
        "drop": "sockets are cut off, `value` of them or all",
        "close": "sockets are closed in order, `value` of them or all",
        "garbage": "a frame of noise instead of one of ticks",
        "refuse": "the socket's handshake ends with 403",
        "flush": "every access token dies, once",
        "settlement": "from 06:30 to the open, last prices are settlement prices, "
        "theoretical ones where nothing traded",
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
    """A fault that is on.

    Attributes:
        name: One of FAULTS.
        value: What FAULTS says of it.
        count: How many times more it strikes, None without end.
        seconds: How long it lasts on the wall, None for good.
        share: Part of the requests that it strikes.
        family: Only requests of quote, historical or other.
        path: Only requests whose path begins so.
        keys: Only requests for an instrument whose key begins so: `BFO:` is SENSEX's chain.
        error_type: Kite's name of the error.
        since: Wall time of its beginning.
        market_since: Market time of its beginning.
    """

    name: str
    value: str = ""
    count: int | None = None
    seconds: float | None = None
    share: float = 1.0
    family: str = ""
    path: str = ""
    keys: str = ""
    error_type: str = "GeneralException"
    since: float = 0.0
    market_since: datetime | None = None

    def number(self, otherwise: float) -> float:
        """Return `value` as a number."""
        return float(self.value) if self.value else otherwise

    def as_json(self) -> dict[str, object]:
        """Return its values as JSON has them."""
        since = self.market_since.isoformat() if self.market_since else None
        return asdict(self) | {"market_since": since}

    def lasts(self, now: float) -> bool:
        """Tell whether it still strikes at wall time `now`."""
        has_ended = self.seconds is not None and now >= self.since + self.seconds
        return (self.count is None or self.count > 0) and not has_ended

    def meets(self, family: str, path: str, keys: Sequence[str] = ()) -> bool:
        """Tell whether it concerns a request."""
        asks = not self.keys or any(key.startswith(self.keys) for key in keys)
        return self.family in ("", family) and path.startswith(self.path) and asks


_KINDS: Mapping[str, type] = MappingProxyType({"count": int, "seconds": float, "share": float})
_SETTABLE = tuple(detail.name for detail in fields(Fault) if "since" not in detail.name)


def fault(details: Mapping[str, object]) -> Fault:
    """Return the fault with these details by name.

    Raises:
        BadConfig: There is no such fault or detail.
    """
    name = str(details.get("name", ""))
    if name not in FAULTS:
        near = nearest(name, FAULTS)
        raise BadConfig(
            f"{name!r}: no such fault; there are {', '.join(FAULTS)}",
            f"did you mean {near}?" if near else "",
        )
    if unknown := details.keys() - set(_SETTABLE):
        raise BadConfig(
            f"{name}: no such detail as {', '.join(sorted(unknown))}",
            f"there are {', '.join(_SETTABLE[1:])}",
        )
    try:
        values: dict[str, Any] = {}
        for key, value in details.items():
            if value is not None:
                values[key] = _KINDS.get(key, str)(value)
        fault = Fault(**values)
        # The value of `freeze` is an index, and that of `mute` may be `all`; others are numbers.
        if name != "freeze" and (name, fault.value) != ("mute", "all"):
            fault.number(0)
    except (TypeError, ValueError) as error:
        raise BadConfig(f"{name}: {error}", f"for instance {name},count=3,seconds=10") from error
    return fault


def parse(text: str) -> Fault:
    """Return the fault of an option.

    An option is `NAME` or `NAME=VALUE`, then `,count=3,seconds=10,family=quote`.

    Raises:
        BadConfig: There is no such fault or detail.
    """
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

    def add(self, fault: Fault, market: datetime) -> Fault:
        """Switch a fault on."""
        begun = replace(fault, since=time.time(), market_since=market)
        with self._lock:
            self.on.append(begun)
        return begun

    def clear(self, name: str = "") -> None:
        """Switch off the faults of a name, or all."""
        with self._lock:
            self.on = [fault for fault in self.on if name and fault.name != name]

    def active(self, name: str) -> list[Fault]:
        """Return the faults of that name that are on, without using them up."""
        now = time.time()
        return [fault for fault in tuple(self.on) if fault.name == name and fault.lasts(now)]

    def strikes(
        self,
        family: str,
        path: str,
        names: tuple[str, ...] = HTTP,
        keys: Sequence[str] = (),
    ) -> list[Fault]:
        """Return the faults that strike a request now, and use each up once."""
        now = time.time()
        striking = []
        with self._lock:
            self.on = [fault for fault in self.on if fault.lasts(now)]
            for position, fault in enumerate(self.on):
                if fault.name not in names or not fault.meets(family, path, keys):
                    continue
                if self._die.random() < fault.share:
                    striking.append(fault)
                    if fault.count is not None:
                        self.on[position] = replace(fault, count=fault.count - 1)
        return striking

    def strike(self, name: str) -> Fault | None:
        """Return the fault of that name if it strikes now, and use it up once."""
        return next(iter(self.strikes("", "", (name,))), None)
