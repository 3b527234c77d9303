"""A panel as its difference from an earlier one, which it names by its hash."""

from __future__ import annotations

from dataclasses import dataclass, field

from g6.domain.documents.panels import digest, merge_panel_diff, panel_diff
from g6.domain.schema.json_reading import part, read_record, text
from g6.domain.schema.json_types import Document, JsonObject
from g6.errors import BadInput

__all__ = ["PanelDelta", "delta_between"]

_DIGITS = 12
"""Of a hash, as a panel's envelope has it."""
_REBUILT = frozenset({"panel", "data"})
"""What a delta has not of the later document's envelope."""


@dataclass(frozen=True, slots=True)
class PanelDelta:
    """What brings the data of one panel to those of a later one.

    Attributes:
        panel: Its name.
        base: The hash of the data that it begins with.
        hash: The hash of the data that it ends with.
        diff: As `panel_diff` gives it.
        header: What the later document has beside its name and its data.
    """

    panel: str
    base: str
    hash: str
    diff: Document
    header: Document = field(default_factory=dict)

    def to_json(self) -> JsonObject:
        """Return the delta as JSON has it."""
        return {
            "panel": self.panel,
            "base": self.base,
            "hash": self.hash,
            "diff": dict(self.diff),
            "header": dict(self.header),
        }

    @classmethod
    def from_json(cls, document: Document) -> PanelDelta:
        """Read what `to_json` gave.

        Raises:
            KeyError: Something is absent.
            TypeError: A value is of another kind.
        """
        return read_record(
            cls, document, diff=part(document, "diff"), header=part(document, "header")
        )

    def rebuilt(self, data: object) -> object:
        """Return the later data, from those that the delta begins with.

        Raises:
            BadInput: They are others, or the delta is damaged. Nothing is made of them then.

        >>> old, new = {"data": {"oi": 65}}, {"panel": "index_NIFTY", "data": {"oi": 130}}
        >>> delta_between(old, new).rebuilt({"oi": 65})
        {'oi': 130}
        """
        if digest(data)[:_DIGITS] != self.base:
            raise self._refusal(f"is of {self.base}, not of {digest(data)[:_DIGITS]}")
        try:
            later = merge_panel_diff(data, self.diff)
        except (KeyError, IndexError, TypeError, ValueError) as error:
            raise self._refusal(f"does not fit: {error}") from error
        if digest(later)[:_DIGITS] != self.hash:
            raise self._refusal(f"gives {digest(later)[:_DIGITS]} instead of {self.hash}")
        return later

    def document(self, earlier: Document) -> JsonObject:
        """Return the later document in its envelope, from the one that the delta begins with.

        Raises:
            BadInput: It is of another panel or of other data, or the delta is damaged.

        >>> old, new = {"panel": "p", "data": 1}, {"panel": "p", "data": 2, "version": 1}
        >>> delta_between(old, new).document(old)
        {'panel': 'p', 'data': 2, 'version': 1}
        """
        if earlier["panel"] != self.panel:
            raise self._refusal(f"is of another panel than {earlier['panel']}")
        return {
            "panel": self.panel,
            "data": self.rebuilt(earlier["data"]),
            **self.header,
        }

    def _refusal(self, reason: str) -> BadInput:
        return BadInput(f"delta of panel {self.panel}", None, reason, "read the whole panel")


def delta_between(before: Document, after: Document) -> PanelDelta:
    """Return the delta between two documents of a panel, each in its envelope.

    >>> old, new = {"data": {"oi": 65}}, {"panel": "index_NIFTY", "data": {"oi": 130}}
    >>> delta_between(old, new).diff
    {'edit': {'oi': {'to': 130}}}
    """
    return PanelDelta(
        panel=text(after, "panel"),
        base=digest(before["data"])[:_DIGITS],
        hash=digest(after["data"])[:_DIGITS],
        diff=panel_diff(before["data"], after["data"]),
        header={name: after[name] for name in after if name not in _REBUILT},
    )
