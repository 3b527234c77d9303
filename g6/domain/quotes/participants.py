"""Open interest by participant: what clients, institutions and proprietary traders hold."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from datetime import date

from g6.domain.schema.json_reading import entries, read_record, text
from g6.domain.schema.json_types import Document, JsonObject

__all__ = ["FIGURES", "ParticipantDay", "ParticipantInterest"]


@dataclass(frozen=True, slots=True)
class ParticipantInterest:
    """The open contracts of one kind of participant at the end of a day.

    >>> ParticipantInterest("FII", 30.0, 70.0, *[0.0] * 12).index_future_long_share
    0.3
    """

    participant: str
    future_index_long: float
    future_index_short: float
    future_stock_long: float
    future_stock_short: float
    option_index_call_long: float
    option_index_put_long: float
    option_index_call_short: float
    option_index_put_short: float
    option_stock_call_long: float
    option_stock_put_long: float
    option_stock_call_short: float
    option_stock_put_short: float
    total_long_contracts: float
    total_short_contracts: float

    @property
    def index_future_net(self) -> float:
        """Long less short futures on indices, contracts."""
        return self.future_index_long - self.future_index_short

    @property
    def index_future_long_share(self) -> float:
        """The long share of futures on indices, NaN of none."""
        total = self.future_index_long + self.future_index_short
        return self.future_index_long / total if total else float("nan")

    @property
    def index_call_net(self) -> float:
        """Long less short calls on indices, contracts."""
        return self.option_index_call_long - self.option_index_call_short

    @property
    def index_put_net(self) -> float:
        """Long less short puts on indices, contracts."""
        return self.option_index_put_long - self.option_index_put_short


FIGURES = tuple(field.name for field in fields(ParticipantInterest) if field.name != "participant")
"""The figures of a participant, in the order of the exchange's file."""


@dataclass(frozen=True, slots=True)
class ParticipantDay:
    """The open interest of every participant at the end of a day, TOTAL among them."""

    day: date
    participants: tuple[ParticipantInterest, ...]

    def of(self, participant: str) -> ParticipantInterest:
        """Return the figures of a participant.

        Raises:
            KeyError: There is none of that name.
        """
        for row in self.participants:
            if row.participant == participant:
                return row
        raise KeyError(participant)

    def document(self) -> JsonObject:
        """Return the day as it is kept."""
        return {
            "day": self.day.isoformat(),
            "participants": [asdict(row) for row in self.participants],
        }

    @classmethod
    def parse(cls, document: Document) -> ParticipantDay:
        """Return the day of a document.

        Raises:
            KeyError: It lacks something.
            TypeError: Something in it is of another type.
        """
        rows = entries(document, "participants")
        return cls(
            date.fromisoformat(text(document, "day")),
            tuple(read_record(ParticipantInterest, row) for row in rows),
        )
