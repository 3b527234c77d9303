"""What the system says of itself and is told: events, switches, request slots, vital signs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from math import inf
from typing import Any, Protocol, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Event:
    """One event of the bus: `{id, ts, type, key, payload, meta}`; `ts` ISO wall time."""

    id: str
    ts: str
    type: str
    key: str
    payload: Mapping[str, Any]
    meta: Mapping[str, Any] = field(default_factory=dict)


class Bus(Protocol):
    """The stream of events; ids are monotonic, old ones are trimmed by length."""

    def publish(
        self,
        type: str,
        payload: Mapping[str, Any],
        *,
        key: str = "",
        meta: Mapping[str, Any] | None = None,
    ) -> str:
        """Append an event, return its id."""
        ...

    def read(self, after: str, *, count: int = 500, block_seconds: float = 0.0) -> Sequence[Event]:
        """Return up to `count` events after id `after` ("0": all there are, "$": only new ones).

        Waits up to `block_seconds` for the first.
        """
        ...

    def bounds(self) -> tuple[str, str, int]:
        """Return the oldest id, the newest id and the number of events ever published."""
        ...


class Controls(Protocol):
    """Switches that reach a running system: read once per unit by collect, stamped into its frame."""

    def read(self) -> Mapping[str, Any]:
        """Return the switches in force, for instance {"greeks": False, "paused": {"*": "token"}}."""
        ...

    def set(self, name: str, value: Any) -> None:
        """Set one switch; None removes it."""
        ...


class Lifeline(Protocol):
    """When beats lived and Redis was there, as the beats saw it."""

    def keep(self) -> bool:
        """Say that a beat lives, and give an emptied Redis back what it held; False when Redis is away. Called by beat."""
        ...

    def sends(self) -> None:
        """Note that beat is about to publish a message."""
        ...

    def sent(self) -> None:
        """Note that it was published."""
        ...

    def why(self, dues: Sequence[float]) -> Sequence[str]:
        """Return for each due time (epoch seconds) why nobody opened that cycle, "" where nothing is known."""
        ...


class Vitals(Protocol):
    """How the system is, for the heartbeat."""

    def read(self) -> Mapping[str, Any]:
        """Return queues (depth by name), workers (facts by name), clock_skew_seconds, retained_events, disk_free_bytes."""
        ...


class Gate(Protocol):
    """What every request to a provider goes through: its slot, further tries, the breaker, the books."""

    def ask(self, family: str, endpoint: str, send: Callable[[], T]) -> T:
        """Send one request of a rate family when its turn has come; return the answer. Errors: ProviderBusy, Terminal."""
        ...

    def sent(self) -> None:
        """Hear that the request being asked has left: when that took long, the next is to come so much later."""
        ...

    def affords(self, family: str) -> bool:
        """Tell whether a further request of `family` fits before the deadline and costs no other index its turn; take its place."""
        ...

    def patience(self, most: float) -> float:
        """Return the seconds, at most `most`, that an answer to a request of now may take."""
        ...


class Limiter(Protocol):
    """One shared sequence of request slots for all workers and hosts."""

    def reserve(self, family: str, count: int = 1, within: float = inf) -> float:
        """Reserve the next slot(s) of `family`; return the seconds to wait before the (first) request.

        An answer above `within` means that nothing was reserved.
        """
        ...

    def confirm(self, family: str) -> float:
        """Take a reserved slot now, just before the request; 0, or the seconds to wait because the last was taken too lately."""
        ...

    def late(self, family: str) -> None:
        """Hear that the request of the confirmed slot left only now: the next slots are a spacing after this moment."""
        ...

    def describe(self) -> Mapping[str, Mapping[str, float]]:
        """Return per family spacing_seconds, wait_seconds until the next free slot, left_per_minute."""
        ...


class SharedCache(Protocol):
    """A few bytes that every worker needs and one of them fetched: a dump, a token, who is about to fetch it."""

    def get(self, name: str) -> bytes | None:
        """Return what lies under `name`, None when nothing does (any more)."""
        ...

    def put(self, name: str, content: bytes, seconds: float) -> None:
        """Lay `content` under `name` for `seconds`."""
        ...

    def claim(self, name: str, seconds: float) -> bool:
        """Become the only one to do what `name` says, for `seconds`; False when somebody else is."""
        ...

    def drop(self, name: str) -> None:
        """Forget what lies under `name`, a claim too."""
        ...
