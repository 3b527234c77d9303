"""The evaluation of rules: figures and what was before in, alarms and what is now out.

Nothing here knows a clock. A cycle's instant decides cool-down, quiet hours and limits, so that a
stored day gives the alarms that it gave when it was live. Every session begins afresh.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from g6.domain.alarms.alarm_rules import AlarmRule
from g6.domain.alarms.conditions import FigureFacts, Happening, Standing
from g6.domain.cycles.cycle import isoformat_z
from g6.domain.market.calendar import IST, day_of
from g6.domain.schema.json_reading import numbers, part, read_record
from g6.domain.schema.json_types import Document, JsonObject, present

__all__ = ["Alarm", "AlarmMemory", "AlarmOutcome", "AlarmState", "evaluate", "happened"]

HOUR = 3600.0


class AlarmOutcome(StrEnum):
    """Whether people are told of an alarm."""

    SEND = "send"
    QUIET = "quiet"
    COOLING = "cooling"
    LIMITED = "limited"
    MUTED = "muted"


@dataclass(frozen=True, slots=True)
class Alarm:
    """A rule that fired.

    Attributes:
        rule: Its name.
        index: Empty where it is of none.
        cycle: The cycle, or the instant of an event.
        sentence: What people read.
        outcome: Whether they are told.
    """

    rule: str
    index: str
    cycle: str
    sentence: str
    outcome: AlarmOutcome = AlarmOutcome.SEND

    def to_json(self) -> JsonObject:
        """Return the alarm as JSON has it."""
        return {
            "rule": self.rule,
            "index": self.index,
            "cycle": self.cycle,
            "sentence": self.sentence,
            "outcome": str(self.outcome),
        }


@dataclass(frozen=True, slots=True)
class AlarmTrack:
    """What is remembered of one rule and index.

    Attributes:
        word: The side that it was last seen on for long enough, empty before the first.
        next_word: The side that it may be going to.
        cycles: For how many cycles in a row.
    """

    word: str = ""
    next_word: str = ""
    cycles: int = 0

    def to_json(self) -> JsonObject:
        """Return the track as JSON has it."""
        return present(word=self.word, next_word=self.next_word, cycles=self.cycles or None)


@dataclass(frozen=True, slots=True)
class AlarmState:
    """What is remembered between two cycles of one session.

    Attributes:
        day: The session's day, ISO.
        tracks: By rule and index, as `rule/INDEX`.
        sent: Instants of messages of the last hour and cool-down, by the same keys.
    """

    day: str = ""
    tracks: Mapping[str, AlarmTrack] = field(default_factory=dict)
    sent: Mapping[str, Sequence[float]] = field(default_factory=dict)

    def to_json(self) -> JsonObject:
        """Return the state as JSON has it."""
        return {
            "day": self.day,
            "tracks": {key: track.to_json() for key, track in self.tracks.items()},
            "sent": {key: list(instants) for key, instants in self.sent.items()},
        }

    @classmethod
    def from_json(cls, document: Document) -> AlarmState:
        """Read what `to_json` gave."""
        tracks = {
            key: read_record(AlarmTrack, part(part(document, "tracks"), key))
            for key in part(document, "tracks")
        }
        instants = part(document, "sent")
        sent = {
            key: [instant for instant in numbers(instants, key) if instant is not None]
            for key in instants
        }
        return cls(str(document.get("day", "")), tracks, sent)

    def begun(self, at: datetime) -> AlarmState:
        """Return the state of the session of an instant, which is empty where it is a new one."""
        day = day_of(at).isoformat()
        return self if day == self.day else AlarmState(day)


@dataclass(frozen=True, slots=True)
class AlarmMemory:
    """What is remembered of the rules: over cycles, whose time is the market's, and over events.

    A simulated market has another day than the wall, and each day begins afresh.
    """

    cycles: AlarmState = field(default_factory=AlarmState)
    events: AlarmState = field(default_factory=AlarmState)

    def to_json(self) -> JsonObject:
        """Return the memory as JSON has it."""
        return {"cycles": self.cycles.to_json(), "events": self.events.to_json()}

    @classmethod
    def from_json(cls, document: Document) -> AlarmMemory:
        """Read what `to_json` gave."""
        cycles = AlarmState.from_json(part(document, "cycles"))
        return cls(cycles, AlarmState.from_json(part(document, "events")))


def evaluate(
    rules: Iterable[AlarmRule], state: AlarmState, facts: FigureFacts
) -> tuple[AlarmState, Sequence[Alarm]]:
    """Return the state after the facts of one index, and the rules that fired.

    Args:
        rules: All rules. Those that do not concern the index of the facts stay as they are.
        state: What was remembered.
        facts: What is known of one index at one cycle.

    >>> from datetime import UTC
    >>> from g6.domain.alarms.alarm_rules import rule_of_text
    >>> rules = [rule_of_text("high", "spot > 24000")]
    >>> state, at = AlarmState(), datetime(2026, 11, 20, 5, 0, tzinfo=UTC)
    >>> for spot in (23950.0, 24050.0, 24060.0):
    ...     state, alarms = evaluate(rules, state, FigureFacts(at, "NIFTY", {"spot": spot}))
    ...     print([alarm.rule for alarm in alarms])
    []
    ['high']
    []
    """
    state = state.begun(facts.at)
    alarms: list[Alarm] = []
    tracks = dict(state.tracks)
    for rule in rules:
        if isinstance(rule.condition, Happening) or not rule.concerns(facts.index):
            continue
        key = f"{rule.name}/{facts.index}"
        before = tracks.get(key, AlarmTrack())
        standing = rule.condition.standing(facts, rule.hysteresis)
        tracks[key] = _advance(rule, before, standing)
        if _is_edge(rule, before, tracks[key]):
            state, alarm = _decide(rule, state, facts.index, facts.at, _sentence(rule, standing))
            alarms.append(alarm)
    return replace(state, tracks=tracks), alarms


def happened(
    rules: Iterable[AlarmRule], state: AlarmState, at: datetime, event: tuple[str, str, str]
) -> tuple[AlarmState, Sequence[Alarm]]:
    """Return the state after an event, and the rules that fired.

    Args:
        rules: All rules.
        state: What was remembered.
        at: When it happened.
        event: Its type, its key and what people read of it.

    >>> from datetime import UTC
    >>> from g6.domain.alarms.alarm_rules import rule_of_text
    >>> rules, at = [rule_of_text("token", "event alert token")], datetime(2026, 11, 20, tzinfo=UTC)
    >>> _, alarms = happened(rules, AlarmState(), at, ("alert", "token", "the token has ended"))
    >>> [alarm.rule for alarm in alarms]
    ['token']
    """
    type, key, sentence = event
    state = state.begun(at)
    alarms: list[Alarm] = []
    for rule in _of_events(rules, type, key):
        state, alarm = _decide(rule, state, key, at, sentence)
        alarms.append(alarm)
    return state, alarms


def _of_events(rules: Iterable[AlarmRule], type: str, key: str) -> Iterator[AlarmRule]:
    for rule in rules:
        match rule.condition:
            case Happening(expected, of_key) if expected == type and of_key in ("", key):
                yield rule


def _advance(rule: AlarmRule, before: AlarmTrack, standing: Standing) -> AlarmTrack:
    """Return the track after one more word: a new one counts once it was long enough."""
    if standing.word in ("", before.word):
        return AlarmTrack(before.word)
    cycles = before.cycles + 1 if standing.word == before.next_word else 1
    if not before.word and not rule.condition.fires_first:
        # Where a session begins is no edge, and needs no patience.
        return AlarmTrack(standing.word)
    fires = rule.condition.fires
    needed = rule.cycles if not fires or standing.word in fires else 1
    if cycles >= needed:
        return AlarmTrack(standing.word)
    return AlarmTrack(before.word, standing.word, cycles)


def _is_edge(rule: AlarmRule, before: AlarmTrack, after: AlarmTrack) -> bool:
    """Tell whether a rule fires between two tracks."""
    if after.word == before.word:
        return False
    if not before.word and not rule.condition.fires_first:
        return False
    fires = rule.condition.fires
    return not fires or after.word in fires


def _decide(
    rule: AlarmRule, state: AlarmState, index: str, at: datetime, sentence: str
) -> tuple[AlarmState, Alarm]:
    """Return an alarm with its outcome, and the state in which its message is counted."""
    key = f"{rule.name}/{index}"
    now = at.timestamp()
    horizon = now - max(HOUR, rule.cool_down)
    sent = dict(state.sent)
    in_hour = 0
    for other, instants in state.sent.items():
        if _rule_of(other) == rule.name:
            sent[other] = [instant for instant in instants if instant > horizon]
            in_hour += sum(instant > now - HOUR for instant in instants)
    outcome = AlarmOutcome.SEND
    if rule.quiet.cover(at.astimezone(IST).time()):
        outcome = AlarmOutcome.QUIET
    elif any(instant > now - rule.cool_down for instant in sent.get(key, ())):
        outcome = AlarmOutcome.COOLING
    elif in_hour >= rule.per_hour:
        outcome = AlarmOutcome.LIMITED
    else:
        sent[key] = [*sent.get(key, ()), now]
    return replace(state, sent=sent), Alarm(rule.name, index, isoformat_z(at), sentence, outcome)


def _rule_of(key: str) -> str:
    """Return the name of a rule from `rule/INDEX`. A person may write a slash into it.

    >>> _rule_of("calls/puts/NIFTY")
    'calls/puts'
    """
    return key.rpartition("/")[0]


def _sentence(rule: AlarmRule, standing: Standing) -> str:
    return f"{rule.when}: {standing.shows}" if standing.shows else rule.when
