"""Messages: what waits for a channel, and what the log says of it afterwards."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from g6.domain.alarms.evaluation import Alarm
from g6.domain.cycles.cycle import parse_z
from g6.domain.market.instants import instant_in_words
from g6.domain.schema.json_types import JsonObject

__all__ = ["LoggedAlarm", "WaitingMessage", "message_text"]


@dataclass(frozen=True, slots=True)
class WaitingMessage:
    """An alarm that a channel has not sent.

    Attributes:
        number: Its place in the queue.
        noted_at: Wall time at which it began to wait.
    """

    number: int
    alarm: Alarm
    noted_at: float


@dataclass(frozen=True, slots=True)
class LoggedAlarm:
    """An alarm as the log has it.

    Attributes:
        noted_at: Wall time.
        channels: What became of its message, by channel: waiting, sent, or given up.
    """

    alarm: Alarm
    noted_at: float
    channels: Mapping[str, str] = field(default_factory=dict)

    def to_json(self) -> JsonObject:
        """Return the entry as JSON has it."""
        return self.alarm.to_json() | {"noted_at": self.noted_at, "channels": dict(self.channels)}


def message_text(alarm: Alarm) -> tuple[str, str]:
    r"""Return title and text of an alarm.

    >>> message_text(Alarm("rich", "NIFTY", "2026-11-18T05:30:00Z", "iv_rank > 80: iv_rank 83"))
    ('G6: NIFTY rich', 'NIFTY: iv_rank > 80: iv_rank 83\nWed 18 Nov 2026 11:00 IST')
    """
    title = " ".join(word for word in ("G6:", alarm.index, alarm.rule) if word)
    about = f"{alarm.index}: " if alarm.index else ""
    return title, f"{about}{alarm.sentence}\n{instant_in_words(parse_z(alarm.cycle))}"
