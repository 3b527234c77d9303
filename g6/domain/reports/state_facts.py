"""Facts beside the sentence of an alert or of a provider's state."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from g6.domain.schema.json_reading import read_record
from g6.domain.schema.json_types import Document, Json, JsonObject, present

_TYPED = ("breaker", "seconds", "retired", "cycle", "index")


@dataclass(frozen=True, slots=True)
class StateFacts:
    """What an alert or a provider's state says beside its sentence.

    Attributes:
        breaker: The state of the circuit breaker, empty where it is not about one.
        seconds: How long it lasts or lasted, wall seconds.
        retired: The retired settings that were refused.
        cycle: The cycle that it is about, empty for none.
        index: The index that it is about.
        more: What only people read of it, such as a connection, and what a later version says.
    """

    breaker: str = ""
    seconds: float | None = None
    retired: Sequence[str] = ()
    cycle: str = ""
    index: str = ""
    more: Mapping[str, Json] = field(default_factory=dict)

    def to_json(self) -> JsonObject:
        """Return the facts that are said, as a payload has them.

        >>> StateFacts(seconds=31.5).to_json()
        {'seconds': 31.5}
        """
        typed = present(
            breaker=self.breaker,
            seconds=self.seconds,
            retired=list(self.retired),
            cycle=self.cycle,
            index=self.index,
        )
        return typed | dict(self.more)

    @classmethod
    def from_json(cls, document: Document, without: Collection[str] = ()) -> StateFacts:
        """Read what `to_json` gave.

        Args:
            document: The payload.
            without: Its names that are no facts.
        """
        own = {*_TYPED, *without}
        more = {name: value for name, value in document.items() if name not in own}
        return read_record(cls, document, more=more)
