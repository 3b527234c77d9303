"""What the process of the tick stream tells: one report for each thing that can happen to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from types import MappingProxyType
from typing import ClassVar, Literal

from g6.domain.reports.alert import Alert, AlertRule
from g6.domain.reports.alerts import STREAM_REFUSED, STREAM_UNTRUSTED
from g6.domain.reports.state_facts import StateFacts
from g6.domain.schema.json_types import Json, JsonObject, present
from g6.domain.schema.words import EventType

TICKER = "ticker"
"""The name under which events speak of the stream."""


@dataclass(frozen=True, slots=True)
class StreamReport:
    """Something that happened to the tick stream.

    Attributes:
        state: The word by which its event names it.
        sentence: The same for people.
        level: How its log line is marked.
        is_published: Whether screens and metrics hear of it.
    """

    type: ClassVar[EventType] = EventType.PROVIDER_STATE
    state: ClassVar[str] = ""
    sentence: ClassVar[str] = ""
    level: ClassVar[Literal["info", "warning", "error"]] = "warning"
    is_published: ClassVar[bool] = False

    def facts(self) -> dict[str, Json]:
        """Return what is known of it, by name."""
        return {column.name: getattr(self, column.name) for column in fields(self)}

    def alert(self) -> Alert | None:
        """Return what a person has to be told, None where there is nothing to do about it."""
        return None

    def to_json(self) -> JsonObject:
        """Return the payload of the event."""
        head = present(name=TICKER, state=self.state, sentence=self.sentence)
        return head | dict(self.facts())


@dataclass(frozen=True, slots=True)
class StreamOpen(StreamReport):
    """A connection stands, with so many instruments."""

    state: ClassVar[str] = "connected"
    sentence: ClassVar[str] = "stream connected"
    level: ClassVar[Literal["info", "warning", "error"]] = "info"
    is_published: ClassVar[bool] = True
    connection: int = 0
    tokens: int = 0


@dataclass(frozen=True, slots=True)
class StreamLost(StreamReport):
    """A connection that stood does not any more.

    Attributes:
        code: The code with which it was closed, None without one.
    """

    state: ClassVar[str] = "lost"
    sentence: ClassVar[str] = "stream lost; REST bridges until it is back"
    is_published: ClassVar[bool] = True
    connection: int = 0
    reason: str = ""
    code: int | None = None


@dataclass(frozen=True, slots=True)
class StreamSilence(StreamReport):
    """A connection stands and says nothing.

    Attributes:
        seconds: Since its last frame.
        since_look: Seconds since the ticker looked before. It looks twice a second: more says that
            the ticker itself had to wait for a processor.
    """

    state: ClassVar[str] = "silent"
    sentence: ClassVar[str] = "stream silent; connecting anew"
    connection: int = 0
    reason: str = ""
    seconds: float = 0.0
    since_look: float = 0.0


@dataclass(frozen=True, slots=True)
class StreamRefusal(StreamReport):
    """The stream refuses the token."""

    state: ClassVar[str] = "refused"
    sentence: ClassVar[str] = STREAM_REFUSED.sentence
    fix: str = ""
    again_after_seconds: float = 0.0

    def alert(self) -> Alert | None:
        """Return the alert of a token that the stream refuses."""
        return _alert_of(STREAM_REFUSED, self, self.fix)


@dataclass(frozen=True, slots=True)
class StreamUntrusted(StreamReport):
    """The certificate of the stream's server is refused."""

    state: ClassVar[str] = "untrusted"
    sentence: ClassVar[str] = STREAM_UNTRUSTED.sentence
    level: ClassVar[Literal["info", "warning", "error"]] = "error"
    connection: int = 0
    host: str = ""
    reason: str = ""
    fix: str = ""

    def alert(self) -> Alert | None:
        """Return the alert of a certificate that is refused."""
        return _alert_of(STREAM_UNTRUSTED, self, self.fix)


@dataclass(frozen=True, slots=True)
class StreamFull(StreamReport):
    """Instruments of an index that no connection has room for.

    Attributes:
        left_out: How many they are.
        tokens: Instruments that are streamed.
    """

    state: ClassVar[str] = "full"
    sentence: ClassVar[str] = (
        "more instruments than the provider streams; the rest is asked for over REST"
    )
    index: str = ""
    left_out: int = 0
    tokens: int = 0


@dataclass(frozen=True, slots=True)
class StreamStalled(StreamReport):
    """Redis is away, so that ticks wait."""

    state: ClassVar[str] = "redis"
    sentence: ClassVar[str] = "Redis is away; ticks are kept until it is back"
    error: str = ""


@dataclass(frozen=True, slots=True)
class StreamEnd(StreamReport):
    """The process ends for a new start."""

    state: ClassVar[str] = "gave up"
    sentence: ClassVar[str] = "the stream cannot be had; this process ends, to be started anew"
    level: ClassVar[Literal["info", "warning", "error"]] = "error"
    is_published: ClassVar[bool] = True
    why: str = ""


@dataclass(frozen=True, slots=True)
class StreamUnprepared(StreamReport):
    """The child that finds out what to stream failed."""

    state: ClassVar[str] = "unprepared"
    sentence: ClassVar[str] = (
        "what to stream today could not be found out; the first cycle will say"
    )
    exit_code: int = 0


STREAM_REPORTS: tuple[type[StreamReport], ...] = (
    StreamOpen,
    StreamLost,
    StreamSilence,
    StreamRefusal,
    StreamUntrusted,
    StreamFull,
    StreamStalled,
    StreamEnd,
    StreamUnprepared,
)
"""Everything that can happen."""
PUBLISHED: Mapping[str, type[StreamReport]] = MappingProxyType(
    {report.state: report for report in STREAM_REPORTS if report.is_published}
)
"""The reports that events carry, by their words."""


def _alert_of(rule: AlertRule, report: StreamReport, fix: str) -> Alert:
    details = {name: value for name, value in report.facts().items() if name != "fix"}
    return rule.fire(StateFacts(more=details), fix=fix)
