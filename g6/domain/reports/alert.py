"""The alert: what a person should know now, and the record from which one is made."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import ClassVar

from g6.domain.reports.heartbeat import VitalSigns
from g6.domain.reports.state_facts import StateFacts
from g6.domain.schema.json_reading import read_record
from g6.domain.schema.json_types import Document, JsonObject, present
from g6.domain.schema.words import EventType, Severity

_COMMAND = re.compile(
    r"(?<![\w/.@-])(?<!-A )g6 (?:(?:data|retention|panels|config|influx|alert) )?[a-z][a-z-]*"
    r"(?: --from [a-z]+| --[a-z-]+(?: [\w:.-]*\d[\w:.-]*)?| [A-Z][\w:.-]*)*"
)
"""A command in a sentence: its words, options with instants and days, and names in capitals."""


def _escaped(text: str) -> str:
    """Return a text as the replacement of a pattern that stands for itself."""
    return text.replace("\\", "\\\\")


@dataclass(frozen=True, slots=True)
class Alert:
    """What a person should know now, and the command or act that helps.

    Attributes:
        state: A word for what is wrong, which is also the event's key.
        fix: None where nothing is said of it.
        facts: Further facts, for instance those of a provider's state.
        is_over: Whether what was wrong is over.
    """

    type: ClassVar[EventType] = EventType.ALERT
    state: str
    sentence: str
    fix: str | None = None
    facts: StateFacts = field(default_factory=StateFacts)
    is_over: bool = False

    def completed(self, option: str) -> Alert:
        """Return the alert with an option behind each command of G6 in its fix.

        Args:
            option: What a command in another terminal needs to act on the same directory.

        >>> Alert("stall", "", "g6 status; g6 ps lists what lives").completed("--data-dir x").fix
        'g6 status --data-dir x; g6 ps --data-dir x lists what lives'
        """
        if not option or not self.fix or option in self.fix:
            return self
        return replace(self, fix=_COMMAND.sub(rf"\g<0> {_escaped(option)}", self.fix))

    def to_json(self) -> JsonObject:
        """Return the payload of the event."""
        document = present(state=self.state, sentence=self.sentence) | self.facts.to_json()
        document |= {} if self.fix is None else {"fix": self.fix}
        return document | ({"over": True} if self.is_over else {})

    @classmethod
    def from_json(cls, document: Document) -> Alert:
        """Read what `to_json` gave."""
        own = {"state", "sentence", "fix", "over"}
        return read_record(
            cls,
            document,
            state=str(document.get("state", "")),
            sentence=str(document.get("sentence", "")),
            facts=StateFacts.from_json(document, own),
            is_over=bool(document.get("over", False)),
        )


@dataclass(frozen=True, slots=True)
class AlertRule:
    """One alert of the table.

    Attributes:
        id: Its name in the table.
        state: The word under which it is published. Several alerts may share one.
        condition: When it is fired, in words.
        severity: How urgent it is.
        sentence: What people read, with fields in braces.
        fix: What helps, with fields in braces.
        runbook: The page under docs/runbooks, empty where the fix is all there is to say.
        ends: The id of the alert that it says to be over, empty for none.
        of_vitals: Returns the alert while vital signs are wrong, asked at each heartbeat. None for
            an alert that is fired where something else is seen.
    """

    id: str
    state: str
    condition: str
    severity: Severity
    sentence: str
    fix: str
    runbook: str = ""
    ends: str = ""
    of_vitals: Callable[[VitalSigns], Alert | None] | None = None

    def fire(self, facts: StateFacts | None = None, **values: object) -> Alert:
        """Return the alert with its fields filled in.

        Args:
            facts: Further facts for the payload of the event.
            values: The fields of sentence and fix.

        >>> rule = AlertRule("hot", "heat", "", Severity.WARNING, "{degrees} C", "open a door")
        >>> rule.fire(degrees=31).sentence
        '31 C'
        """
        sentence = self.sentence.format(**values)
        fix = self.fix.format(**values)
        return Alert(self.state, sentence, fix, facts or StateFacts(), is_over=bool(self.ends))
