"""What a provider says of itself, and what happened to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import ClassVar

from g6.domain.reports.state_facts import StateFacts
from g6.domain.schema.json_reading import read_record, text
from g6.domain.schema.json_types import Document, Json, JsonObject, present
from g6.domain.schema.words import EventType

VALID = "valid"
"""The state of an access token that is good."""


@dataclass(frozen=True, slots=True)
class LoginFacts:
    """The access token, without the token.

    Attributes:
        state: valid, expired, refused or missing.
        expires: ISO instant, None unknown.
        seconds_left: Until it ends. 0 when none is good, None unknown.
    """

    state: str = VALID
    expires: str | None = None
    seconds_left: float | None = None

    @property
    def is_valid(self) -> bool:
        """Whether requests may be sent with it."""
        return self.state == VALID

    def to_json(self) -> JsonObject:
        """Return the facts as JSON has them."""
        return {"state": self.state, "expires": self.expires, "seconds_left": self.seconds_left}

    @classmethod
    def from_json(cls, document: Document) -> LoginFacts:
        """Read what `to_json` gave."""
        return read_record(cls, document, state=text(document, "state"))


@dataclass(frozen=True, slots=True)
class ConnectionFacts:
    """One connection of the tick stream.

    Attributes:
        state: open, down, refused, waiting, or dead where its process told nothing for long.
        last_frame_age: Seconds since its last frame, None before the first.
        reconnects: Times it was lost, by reason.
        dropped: Frames or packets that were no ticks.
        texts: Messages that are no market data, by type.
    """

    state: str
    reason: str = ""
    tokens: int = 0
    ticks_per_second: float = 0.0
    last_frame_age: float | None = None
    reconnects: Mapping[str, int] = field(default_factory=dict)
    dropped: int = 0
    texts: Mapping[str, int] = field(default_factory=dict)

    def to_json(self) -> JsonObject:
        """Return the facts as JSON has them."""
        return {
            "state": self.state,
            "reason": self.reason,
            "tokens": self.tokens,
            "ticks_per_second": self.ticks_per_second,
            "last_frame_age": self.last_frame_age,
            "reconnects": dict(self.reconnects),
            "dropped": self.dropped,
            "texts": dict(self.texts),
        }

    @classmethod
    def from_json(cls, document: Document) -> ConnectionFacts:
        """Read what `to_json` gave."""
        return read_record(cls, document)


@dataclass(frozen=True, slots=True)
class StreamFacts:
    """The tick stream: its connections by number, and what they are together.

    Attributes:
        newest_tick: Exchange's time of the newest tick in epoch seconds, None before the first.
    """

    connections: Mapping[str, ConnectionFacts] = field(default_factory=dict)
    tokens: int = 0
    ticks_per_second: float = 0.0
    newest_tick: float | None = None

    def to_json(self) -> JsonObject:
        """Return the facts as JSON has them."""
        connections = {number: facts.to_json() for number, facts in self.connections.items()}
        return {
            "connections": connections,
            "tokens": self.tokens,
            "ticks_per_second": self.ticks_per_second,
            "newest_tick": self.newest_tick,
        }

    @classmethod
    def from_json(cls, document: Document) -> StreamFacts:
        """Read what `to_json` gave."""
        return read_record(cls, document)


@dataclass(frozen=True, slots=True)
class RequestTally:
    """What the last unit of a process asked of its provider, by endpoint.

    Attributes:
        requests: Requests by endpoint and outcome.
        seconds: Wall seconds of each request.
        wait: Wall seconds that were waited for request slots.
        retries: Requests made again, by reason.
    """

    requests: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    seconds: Mapping[str, Sequence[float]] = field(default_factory=dict)
    wait: Mapping[str, float] = field(default_factory=dict)
    retries: Mapping[str, int] = field(default_factory=dict)

    def to_json(self) -> JsonObject:
        """Return the tally as JSON has it."""
        return {
            "requests": {endpoint: dict(counts) for endpoint, counts in self.requests.items()},
            "seconds": {endpoint: list(times) for endpoint, times in self.seconds.items()},
            "wait": dict(self.wait),
            "retries": dict(self.retries),
        }

    @classmethod
    def from_json(cls, document: Document) -> RequestTally:
        """Read what `to_json` gave."""
        return read_record(cls, document)


@dataclass(frozen=True, slots=True)
class ProviderFacts:
    """What a provider says of itself, for people, panels and metrics. What is None is not said.

    Attributes:
        mode: live, sim, replay or fallback.
        source: Where quotes come from, in words.
        name: The provider's name, where it stands behind guards that are its own.
        own: What only this kind of provider has to say: a seed, faults, a recording.
        login: The access token's state.
        dumps: Instrument dumps by where they came from, since the process began.
        listings: The same of the last unit.
        instruments: What is wrong with the dump of an exchange, by exchange.
        tally: What the last unit asked.
        breaker: State of the circuit breaker that all workers share.
        budget_left: Requests that fit into the next minute, by rate family.
        ticker: The tick stream.
    """

    mode: str = ""
    source: str = ""
    name: str | None = None
    own: Mapping[str, Json] = field(default_factory=dict)
    login: LoginFacts | None = None
    dumps: Mapping[str, int] | None = None
    listings: Mapping[str, int] | None = None
    instruments: Mapping[str, str] | None = None
    tally: RequestTally | None = None
    breaker: str | None = None
    budget_left: Mapping[str, int] | None = None
    ticker: StreamFacts | None = None

    def to_json(self) -> JsonObject:
        """Return the facts as JSON has them, without what is not said."""
        document = present(name=self.name, mode=self.mode, source=self.source) | dict(self.own)
        if self.login is not None:
            document["login"] = self.login.to_json()
        for name in ("dumps", "listings", "instruments"):
            counts = getattr(self, name)
            if counts is not None:
                document[name] = dict(counts)
        if self.tally is not None:
            document |= self.tally.to_json()
        if self.breaker is not None:
            document["breaker"] = self.breaker
        if self.budget_left is not None:
            document["budget_left"] = dict(self.budget_left)
        if self.ticker is not None:
            document["ticker"] = self.ticker.to_json()
        return document

    @classmethod
    def from_json(cls, document: Document) -> ProviderFacts:
        """Read what `to_json` gave."""
        has_counts = isinstance(document.get("requests", {}), Mapping)
        tallied = has_counts and not document.keys().isdisjoint(_names(RequestTally))
        columns = {*_names(cls), *(_names(RequestTally) if tallied else ())}
        own = {name: value for name, value in document.items() if name not in columns}
        tally = RequestTally.from_json(document) if tallied else None
        return read_record(cls, document, own=own, tally=tally)


@dataclass(frozen=True, slots=True)
class ProviderState:
    """Something happened to a provider that people, alerts or metrics hear of.

    Attributes:
        state: A word for what happened: breaker, outage, answers, fallback, token or instruments.
        sentence: The same for people, empty where only metrics hear of it.
        fix: What helps. None where nothing is said of it, and then it is no alert.
        name: Who it happened to, where the event's key does not say.
        facts: What it says beside the sentence.
    """

    type: ClassVar[EventType] = EventType.PROVIDER_STATE
    state: str
    sentence: str = ""
    fix: str | None = None
    name: str = ""
    facts: StateFacts = field(default_factory=StateFacts)

    def to_json(self) -> JsonObject:
        """Return the payload of the event."""
        document = present(name=self.name, state=self.state, sentence=self.sentence)
        return document | self.facts.to_json() | ({} if self.fix is None else {"fix": self.fix})

    @classmethod
    def from_json(cls, document: Document) -> ProviderState:
        """Read what `to_json` gave."""
        own = {"state", "sentence", "fix", "name"}
        facts = StateFacts.from_json(document, own)
        return read_record(cls, document, state=str(document.get("state", "")), facts=facts)


@dataclass(frozen=True, slots=True)
class ListingCounts:
    """Dumps were downloaded on request: how many listings came from where."""

    type: ClassVar[EventType] = EventType.PROVIDER_STATE
    state: ClassVar[str] = "listings"
    listings: Mapping[str, int]

    def to_json(self) -> JsonObject:
        """Return the payload of the event."""
        return {"state": self.state, "listings": dict(self.listings)}

    @classmethod
    def from_json(cls, document: Document) -> ListingCounts:
        """Read what `to_json` gave."""
        return read_record(cls, document)


def _names(record: type) -> tuple[str, ...]:
    return tuple(column.name for column in fields(record))
