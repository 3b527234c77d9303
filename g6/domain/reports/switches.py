"""The switches of a running system, and what the system remembers among them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from g6.domain.cycles.cycle import isoformat_z, parse_z
from g6.domain.cycles.memory_pressure import MemoryPressure, PressureLevel
from g6.domain.reports.alert import Alert
from g6.domain.reports.storing import SinkRefusal
from g6.domain.schema.json_reading import part, read_record
from g6.domain.schema.json_types import Document, Json, JsonObject, present
from g6.domain.schema.words import Severity
from g6.errors import BadConfig

EVERY_INDEX = "*"
"""The name under which a pause holds for every index."""
REFUSED_PREFIX = "refused:"
"""What the names of remembered refusals begin with."""
ALERT_PREFIX = "alert:"
"""What the names of alerts that are raised begin with."""
REPLAY = "replay"
"""The name of the switch that steers a running replay."""
REPLAY_WORDS = "pause, resume, step, step:N, seek:INSTANT, FACTORx or max"
"""What a person may say to a running replay."""
PRESSURE = "memory_pressure"
"""The name of what is cut back while memory is short."""


@dataclass(frozen=True, slots=True)
class RunWindow:
    """The instants between which a bounded run collects, ISO, None open."""

    first: str | None = None
    last: str | None = None

    def to_json(self) -> JsonObject:
        """Return the window as JSON has it."""
        return {"first": self.first, "last": self.last}


def _instant_name(text: str, word: str) -> str:
    """Return an instant as cycles are named.

    Raises:
        BadConfig: It is none.
    """
    try:
        return isoformat_z(parse_z(text))
    except ValueError as error:
        fix = f"say one of {REPLAY_WORDS}, an instant as 2026-11-18T09:00:00Z"
        raise BadConfig(f"{word!r} is no order of a replay", fix) from error


@dataclass(frozen=True, slots=True)
class ReplayOrder:
    """What a person asked of a running replay.

    Attributes:
        is_paused: Whether it waits.
        steps: Cycles that were ordered one by one since the replay began.
        seek: Cycles before this instant are passed over, ISO, empty for none.
        speed: Market seconds per wall second, 0 as fast as cycles close. None as it was started.
    """

    is_paused: bool = False
    steps: int = 0
    seek: str = ""
    speed: float | None = None

    def then(self, word: str) -> ReplayOrder:
        """Return the order after one more word.

        Raises:
            BadConfig: It is no word of a replay.

        >>> ReplayOrder().then("pause").then("step:2").steps
        2
        >>> ReplayOrder().then("60x").speed
        60.0
        """
        name, _, value = word.partition(":")
        if word in {"pause", "resume"}:
            return replace(self, is_paused=word == "pause")
        if name == "step" and (value or "1").isdigit():
            return replace(self, is_paused=True, steps=self.steps + int(value or 1))
        if name == "seek":
            return replace(self, seek=_instant_name(value, word))
        if word == "max":
            return replace(self, speed=0.0)
        try:
            speed = float(word.removesuffix("x"))
        except ValueError:
            speed = -1.0
        if not 0 < speed < float("inf"):
            raise BadConfig(f"{word!r} is no order of a replay", f"say one of {REPLAY_WORDS}")
        return replace(self, speed=speed)

    def to_json(self) -> JsonObject:
        """Return the order as JSON has it."""
        document: JsonObject = {"is_paused": self.is_paused, "steps": self.steps}
        return document | present(seek=self.seek, speed=self.speed)

    @classmethod
    def from_json(cls, document: Document) -> ReplayOrder:
        """Read what `to_json` gave."""
        return read_record(cls, document)


@dataclass(frozen=True, slots=True)
class RaisedAlert:
    """An alert that was raised and is not over.

    Attributes:
        alert: As it was raised.
        severity: How urgent it is.
        since: Wall time at which it was raised, epoch seconds.
    """

    alert: Alert
    severity: Severity
    since: float

    def to_json(self) -> JsonObject:
        """Return the fact as JSON has it."""
        return {
            "alert": self.alert.to_json(),
            "severity": str(self.severity),
            "since": self.since,
        }

    @classmethod
    def from_json(cls, document: Document) -> RaisedAlert:
        """Read what `to_json` gave."""
        return read_record(cls, document)


@dataclass(frozen=True, slots=True)
class Switches:
    """The switches in force, and what the system remembers among them.

    Attributes:
        greeks: Whether Greeks are computed, None where nobody said so.
        paused: Why an index is not collected, by index, `*` for all.
        replay: How a running replay goes on, None where nobody said so.
        window: Of a bounded run or a simulated market.
        pressure: How full the memory of the workers is, and what is cut back.
        expiries_warned: For each index, which missing expiries were told of on which day.
        stream_silent_since: Wall time since which the tick stream brings nothing.
        refusals: What sinks refuse, by the switch's name.
        alerts: The alerts that are raised, by the id of their rule.
        others: Switches that this version does not know.
    """

    greeks: bool | None = None
    paused: Mapping[str, str | None] = field(default_factory=dict)
    replay: ReplayOrder | None = None
    window: RunWindow | None = None
    pressure: MemoryPressure = field(default_factory=MemoryPressure)
    expiries_warned: Mapping[str, str] = field(default_factory=dict)
    stream_silent_since: float | None = None
    refusals: Mapping[str, SinkRefusal] = field(default_factory=dict)
    alerts: Mapping[str, RaisedAlert] = field(default_factory=dict)
    others: Mapping[str, Json] = field(default_factory=dict)

    @property
    def computes_greeks(self) -> bool:
        """Whether Greeks are computed: unless they are switched off, or memory is short."""
        return self.greeks is not False and self.pressure.level < PressureLevel.NO_GREEKS

    def longest_refusals(self) -> list[SinkRefusal]:
        """Return what sinks refuse now, the longest lasting first."""
        return sorted(
            self.refusals.values(),
            key=lambda refusal: (refusal.since, refusal.stage, refusal.index),
        )

    def to_json(self) -> JsonObject:
        """Return the switches that are set, by name."""
        refusals = {name: refusal.to_json() for name, refusal in self.refusals.items()}
        window = None if self.window is None else self.window.to_json()
        switches = present(
            greeks=self.greeks,
            paused=dict(self.paused),
            window=window,
            replay=None if self.replay is None else self.replay.to_json(),
            expiries_warned=dict(self.expiries_warned),
            stream_silent_since=self.stream_silent_since,
        )
        if self.pressure.level:
            switches[PRESSURE] = self.pressure.to_json()
        alerts = {f"{ALERT_PREFIX}{name}": raised.to_json() for name, raised in self.alerts.items()}
        return switches | dict(self.others) | refusals | alerts

    @classmethod
    def from_json(cls, document: Document) -> Switches:
        """Read the switches that are set, by name. One that is null is not."""
        plain = {
            "greeks",
            "paused",
            "expiries_warned",
            "stream_silent_since",
            "window",
            "replay",
            PRESSURE,
        }
        refusals = {}
        alerts = {}
        others = {}
        pressure = MemoryPressure.from_json(part(document, PRESSURE))
        for name, value in document.items():
            if value is None:
                continue
            if name.startswith(REFUSED_PREFIX):
                refusals[name] = SinkRefusal.from_json(part(document, name))
            elif name.startswith(ALERT_PREFIX):
                alerts[name.removeprefix(ALERT_PREFIX)] = RaisedAlert.from_json(
                    part(document, name)
                )
            elif name not in plain:
                others[name] = value
        return read_record(
            cls, document, pressure=pressure, refusals=refusals, alerts=alerts, others=others
        )
