"""Rules: a condition in words, and how often a person may be told of it."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import time
from math import isfinite
from types import MappingProxyType

from g6.domain.alarms import conditions
from g6.domain.alarms.conditions import Condition
from g6.domain.alarms.figure_names import CALL_WALL, PUT_WALL, WALL, checked_figure
from g6.domain.market.instrument import INDICES
from g6.domain.schema.nearest import no_such
from g6.domain.schema.words import Bucket, EventType
from g6.errors import UserError

__all__ = [
    "NO_QUIET",
    "SHIPPED",
    "AlarmRule",
    "QuietHours",
    "parse_condition",
    "parse_quiet",
    "parse_seconds",
]

FORMS = (
    "FIGURE > NUMBER, FIGURE crosses above FIGURE, wall of NIFTY this_week moves, gap opens, "
    "token expires within 30 m, token missing at 08:45, event alert; "
    "each may end in: for 3 cycles"
)
MOST_CYCLES = 86_400
"""Cycles of a day at the shortest interval, one second. Each session begins afresh."""
LONGEST_TOKEN = 86_400.0
"""Seconds that an access token lives at most. Within more of them it always expires."""
LONGEST_SECONDS = 366 * 86_400.0
"""Beyond some thousand years an instant is none that can be written."""
_SHOWN = 24
"""Characters of a count that is none in its error."""
_SECONDS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_SPAN = re.compile(
    r"(\d+(?:\.\d+)?)\s*(?:(s)(?:ec(?:ond)?s?)?|(m)(?:in(?:ute)?s?)?|(h)(?:ours?)?|(d)(?:ays?)?)",
    re.IGNORECASE,
)
_LASTING = re.compile(r"(.*?) for (.+)")
_COUNT = re.compile(r"(.+) cycles?")
_GAP = re.compile(r"gap(?:\s+of\s+(\w+))?\s+(opens|closes)")
_ENDING = re.compile(r"token\s+expires\s+within\s+(.+)")
_MISSING = re.compile(r"token\s+missing\s+at\s+(\d{1,2}:\d{2})")
_EVENT = re.compile(r"event\s+([\w.]+)(?:\s+(\S+))?")
_FIGURE = re.compile(
    r"([A-Za-z_][\w.]*)(?:\s+of\s+(\w+))?(?:\s+(this_week|next_week|this_month|next_month))?"
    r"\s*(>=|<=|>|<|\bcrosses\s+above\b|\bcrosses\s+below\b|\bcrosses\b|\bmoves\b)\s*(.*)"
)


@dataclass(frozen=True, slots=True)
class QuietHours:
    """The hours of a day in India in which nobody is told. They may go over midnight."""

    begin: time
    end: time

    def cover(self, clock: time) -> bool:
        """Tell whether a time of day lies in them.

        >>> QuietHours(time(22), time(8)).cover(time(23, 30))
        True
        """
        if self.begin <= self.end:
            return self.begin <= clock < self.end
        return clock >= self.begin or clock < self.end


NO_QUIET = QuietHours(time(), time())


@dataclass(frozen=True, slots=True)
class AlarmRule:
    """One rule of a person.

    Attributes:
        name: What `g6 alert` calls it.
        when: The condition in words.
        condition: What the words say.
        index: The only index that it is about, empty for each of them.
        cycles: Cycles in a row for which it must hold.
        hysteresis: How far a figure must come back before the rule can fire again, in its unit.
        cool_down: Seconds after a message in which there is no other of the same rule and index.
        per_hour: Messages of the rule in an hour, at most.
        quiet: The hours in which nobody is told.
        is_shipped: Whether it comes with G6.
    """

    name: str
    when: str
    condition: Condition
    index: str = ""
    cycles: int = 1
    hysteresis: float = 0.0
    cool_down: float = 900.0
    per_hour: int = 6
    quiet: QuietHours = NO_QUIET
    is_shipped: bool = False

    def concerns(self, index: str) -> bool:
        """Tell whether it reads the figures of an index, or of none where that is empty."""
        if self.is_of_no_index:
            return not index
        return bool(index) and self.index in ("", index)

    @property
    def is_of_no_index(self) -> bool:
        """Whether all that it reads belongs to no index."""
        names = self.condition.figures
        return all(name.startswith(("panel.", "token_")) for name in names)


def parse_condition(text: str) -> tuple[Condition, str, int]:
    """Return what a condition in words says: condition, index and cycles in a row.

    Raises:
        UserError: It is none, or speaks of what there is not.

    >>> parse_condition("pcr of nifty this_week crosses above 1.2 for 3 cycles")[1:]
    ('NIFTY', 3)
    >>> parse_condition("token expires within 30 m")[0]
    TokenEnding(seconds=1800.0)
    """
    words = " ".join(text.split())
    cycles = 1
    lasting = _LASTING.fullmatch(words)
    if lasting:
        words, cycles = lasting[1], _cycles(lasting[2])
    for pattern, read in _READERS.items():
        if match := pattern.fullmatch(words):
            condition, index = read(match)
            if lasting and isinstance(condition, conditions.Happening):
                raise UserError(
                    f"{text!r} counts cycles, and an event happens once", f"write: {words}"
                )
            return condition, _checked_index(index), cycles
    raise UserError(f"{text!r} is no condition", f"write one of: {FORMS}")


def parse_seconds(text: str) -> float:
    """Return a length of time in seconds.

    Raises:
        UserError: It is none.

    >>> parse_seconds("30 m"), parse_seconds("1h"), parse_seconds("20 minutes")
    (1800.0, 3600.0, 1200.0)
    """
    match = _SPAN.fullmatch(text.strip())
    if match is None:
        raise UserError(f"{text!r} is no length of time", "write 30 s, 15 m, 2 h or 1 d")
    unit = next(filter(None, match.groups()[1:]))
    seconds = float(match[1]) * _SECONDS[unit.lower()]
    if seconds > LONGEST_SECONDS:
        raise UserError(f"{text.strip()[:_SHOWN]!r} is longer than a year", "write at most 366 d")
    return seconds


def parse_quiet(text: str) -> QuietHours:
    """Return quiet hours from text, none of them from an empty one.

    Raises:
        UserError: It says no hours.

    >>> parse_quiet("22:00-08:00").end
    datetime.time(8, 0)
    """
    if not text.strip():
        return NO_QUIET
    begin, _, end = text.partition("-")
    hours = QuietHours(_clock(begin), _clock(end))
    if hours.begin == hours.end:
        raise UserError(
            f"quiet hours {text.strip()} begin where they end, and are none",
            "leave quiet away, or write other hours: 22:00-08:00",
        )
    return hours


def _cycles(text: str) -> int:
    """Return for how many cycles in a row a condition must hold, from `3 cycles`.

    Raises:
        UserError: It is no count that a session can have.
    """
    counted = _COUNT.fullmatch(text)
    plain = counted[1].replace(",", "") if counted else ""
    try:
        number = float(plain)
    except ValueError as error:
        sentence = f"'for {text[:_SHOWN]}' counts no cycles"
        raise UserError(sentence, "write a whole number: for 3 cycles") from error
    nearest = 1
    reason = "a condition holds for one cycle or more"
    if number > MOST_CYCLES:
        nearest = MOST_CYCLES
        reason = f"no session has more than {MOST_CYCLES:,} cycles, and each begins afresh"
    elif number >= 1 and plain.isdecimal():
        return int(number)
    elif number >= 1:
        nearest = round(number)
        reason = "cycles are whole"
    word = "cycle" if nearest == 1 else "cycles"
    raise UserError(f"'for {text[:_SHOWN]}': {reason}", f"write: for {nearest} {word}")


def _clock(text: str) -> time:
    refusal = UserError(
        f"{text.strip()!r} is no time of day in India", "write 08:45; quiet hours are 22:00-08:00"
    )
    try:
        clock = time.fromisoformat(text.strip().rjust(5, "0"))
    except ValueError as error:
        raise refusal from error
    if clock.tzinfo is not None:
        raise refusal
    return clock


def _gap(match: re.Match[str]) -> tuple[Condition, str]:
    return conditions.GapChange(match[2]), match[1] or ""


def _ending(match: re.Match[str]) -> tuple[Condition, str]:
    seconds = parse_seconds(match[1])
    if not 0 < seconds <= LONGEST_TOKEN:
        raise UserError(
            f"no token expires within {match[1]}: it lives for a day at most",
            "write: token expires within 30 m",
        )
    return conditions.TokenEnding(seconds), ""


def _missing(match: re.Match[str]) -> tuple[Condition, str]:
    return conditions.TokenMissing(_clock(match[1])), ""


def _event(match: re.Match[str]) -> tuple[Condition, str]:
    if match[1] not in tuple(EventType):
        raise no_such("event", match[1], [str(word) for word in EventType])
    key = match[2] or ""
    if match[1] in (EventType.GAP_OPENED, EventType.GAP_CLOSED):
        key = _checked_index(key)
    return conditions.Happening(match[1], key), ""


def _figure(match: re.Match[str]) -> tuple[Condition, str]:
    name, index, bucket, verb, rest = match.groups()
    verb = " ".join(verb.split())
    if verb == "moves":
        if rest:
            raise UserError(f"nothing can follow 'moves': {rest!r}", f"write one of: {FORMS}")
        return conditions.Moving(_moving(name, bucket)), index or ""
    figure = checked_figure(f"{name}_{bucket}" if bucket else name)
    operand = _operand(rest)
    if verb.startswith("crosses"):
        direction = verb.removeprefix("crosses").strip()
        return conditions.Crossing(figure, direction, operand), index or ""
    return conditions.Comparison(figure, verb, operand), index or ""


def _moving(name: str, bucket: str | None) -> tuple[str, ...]:
    """Return the figures that move: a wall is that of calls and that of puts."""
    if name == WALL:
        if bucket is None:
            return "support", "resistance"
        return f"{CALL_WALL}_{bucket}", f"{PUT_WALL}_{bucket}"
    return (checked_figure(f"{name}_{bucket}" if bucket else name),)


def _operand(text: str) -> str | float:
    with suppress(ValueError):
        number = float(text.replace(",", ""))
        if not isfinite(number):
            raise UserError(f"{text} is no number to compare with", f"write one of: {FORMS}")
        return number
    if not text:
        raise UserError("the number or figure after the sign is missing", f"write one of: {FORMS}")
    name, _, bucket = text.partition(" ")
    return checked_figure(f"{name}_{bucket}" if bucket in tuple(Bucket) else text)


def _checked_index(name: str) -> str:
    if name and name.upper() not in INDICES:
        raise no_such("index", name, tuple(INDICES))
    return name.upper()


Reader = Callable[[re.Match[str]], tuple[Condition, str]]
_READERS: MappingProxyType[re.Pattern[str], Reader] = MappingProxyType(
    {_GAP: _gap, _ENDING: _ending, _MISSING: _missing, _EVENT: _event, _FIGURE: _figure}
)


def rule_of_text(name: str, when: str, *, is_shipped: bool = False) -> AlarmRule:
    """Return a rule with all else as it is by default.

    Raises:
        UserError: The words are no condition.

    >>> rule_of_text("rich", "iv_rank > 80").condition
    Comparison(figure='iv_rank', sign='>', operand=80.0)
    """
    condition, index, cycles = parse_condition(when)
    return AlarmRule(name, when, condition, index, cycles, is_shipped=is_shipped)


SHIPPED: Sequence[AlarmRule] = (
    rule_of_text("token_missing_before_open", "token missing at 08:45", is_shipped=True),
    rule_of_text("token_ends_soon", "token expires within 30 m", is_shipped=True),
    rule_of_text("gap", "gap opens for 3 cycles", is_shipped=True),
)
"""The rules that are in force without a file. A rule of the same name in a file replaces one."""
