"""The panels of a listener: a snapshot, to which the differences that follow are applied."""

from __future__ import annotations

from dataclasses import dataclass, field

from g6.domain.documents.panels import merge_panel_diff
from g6.domain.documents.stream_events import StreamEventType, panel_hash
from g6.domain.schema.json_reading import part
from g6.domain.schema.json_types import Document

__all__ = ["StreamState"]


@dataclass(slots=True)
class StreamState:
    """What a listener knows.

    Attributes:
        panels: The data of each panel by name.
        last_id: The id to go on from, empty before the first event.
        cycle: The newest cycle.
        is_whole: False once the panels are known to differ from the server's: ask for a snapshot.
        losses: How often events between may have been lost.
        is_replay: Whether what comes is of the past: a replay that has not reached the present.
    """

    panels: dict[str, object] = field(default_factory=dict)
    last_id: str = ""
    cycle: str = ""
    is_whole: bool = False
    losses: int = 0
    is_replay: bool = False

    def apply(self, event_type: str, event_id: str, data: Document) -> None:
        """Take in one event.

        Args:
            event_type: Its type.
            event_id: Its id, empty for one that is no part of the sequence.
            data: Its data.

        A difference that does not fit, or whose hash differs, leaves the state not whole.
        """
        if event_id:
            self.last_id = event_id
            self.cycle = str(data.get("cycle") or self.cycle)
        if event_type == StreamEventType.SNAPSHOT:
            self.panels = dict(part(data, "panels"))
            self.is_whole = True
            self.is_replay = bool(data.get("replay", False))
            self.losses += not data["recovered"]
        elif event_type == StreamEventType.PANEL_DIFF:
            self._apply_difference(data)
        elif event_type == StreamEventType.REPLAY_COMPLETED:
            self.is_replay = False
            self.losses += not data["whole"]
            self._check(part(data, "hashes"))
        elif event_type == StreamEventType.END_OF_CYCLE:
            self._check(part(data, "hashes"))

    def _apply_difference(self, data: Document) -> None:
        name = str(data.get("panel", ""))
        if data.get("gone"):
            self.panels.pop(name, None)
            return
        if "diff" not in data:
            # Too large to be sent: the marker stands in its place.
            self.is_whole = False
            return
        try:
            self.panels[name] = merge_panel_diff(self.panels.get(name), part(data, "diff"))
        except (KeyError, IndexError, TypeError):
            self.is_whole = False
            return
        if panel_hash(self.panels[name]) != data["hash"]:
            self.is_whole = False

    def _check(self, hashes: Document) -> None:
        """Compare what is here with the hashes that end a cycle. A topic may have been left out."""
        for name, data in self.panels.items():
            if name in hashes and panel_hash(data) != hashes[name]:
                self.is_whole = False
