"""The conditions of rules: each says in a word on which side of it the figures are.

A word that differs from the one before is an edge. No word is said where a figure is missing or
inside the hysteresis, so that neither is ever an edge.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, time
from math import isfinite, nan
from typing import Protocol

from g6.domain.market.calendar import IST

__all__ = [
    "GAP",
    "SECONDS_LEFT",
    "TOKEN_GOOD",
    "Comparison",
    "Condition",
    "Crossing",
    "FigureFacts",
    "GapChange",
    "Happening",
    "Moving",
    "Standing",
    "TokenEnding",
    "TokenMissing",
]

GAP = "gap"
"""The figure that is 1 while an index is not OK, and 0 while it is."""
SECONDS_LEFT = "token_seconds_left"
TOKEN_GOOD = "token_good"  # noqa: S105 - a name
_OUT = "out"
_IN = "in"


@dataclass(frozen=True, slots=True)
class FigureFacts:
    """What is known at one moment of one index, or of what belongs to none.

    Attributes:
        at: The cycle's instant.
        index: Empty for what belongs to no index.
        values: By figure. What is not in it is unknown.
    """

    at: datetime
    index: str
    values: Mapping[str, float]

    def value(self, figure: str | float) -> float:
        """Return a figure, or a number as it is, NaN unknown."""
        return float(self.values.get(figure, nan)) if isinstance(figure, str) else figure


@dataclass(frozen=True, slots=True)
class Standing:
    """The word of a condition, and what people read of the figures.

    Attributes:
        word: Empty where nothing can be said.
        shows: The figures, as `pcr_this_week 1.21`.
    """

    word: str
    shows: str = ""


class Condition(Protocol):
    """What a rule asks of the figures."""

    @property
    def figures(self) -> tuple[str, ...]:
        """The figures that it reads."""
        ...

    @property
    def fires(self) -> frozenset[str]:
        """The words at whose edge it fires, empty for every word."""
        ...

    @property
    def fires_first(self) -> bool:
        """Whether the first word of a session is an edge."""
        ...

    def standing(self, facts: FigureFacts, hysteresis: float) -> Standing:
        """Return on which side the figures are."""
        ...


OPERATORS: Mapping[str, Callable[[float, float], bool]] = {
    ">": operator.gt,
    "<": operator.lt,
    ">=": operator.ge,
    "<=": operator.le,
}


@dataclass(frozen=True, slots=True)
class Comparison:
    """A figure against a number or a figure: `iv_rank > 80`."""

    figure: str
    sign: str
    operand: str | float

    fires = frozenset({_IN})
    fires_first = True

    @property
    def figures(self) -> tuple[str, ...]:
        """The figures that it reads."""
        return _names(self.figure, self.operand)

    def standing(self, facts: FigureFacts, hysteresis: float) -> Standing:
        """Return whether it holds. It is over once the figure is back by the hysteresis."""
        value, bound = facts.value(self.figure), facts.value(self.operand)
        if not (isfinite(value) and isfinite(bound)):
            return Standing("")
        if OPERATORS[self.sign](value, bound):
            return Standing(_IN, _in_words(self.figure, value, self.operand, bound))
        return Standing(_OUT if abs(value - bound) >= hysteresis else "")


@dataclass(frozen=True, slots=True)
class Crossing:
    """A figure that goes through a number or a figure: `spot crosses support`.

    Attributes:
        direction: above, below, or empty for both.
    """

    figure: str
    direction: str
    operand: str | float

    fires_first = False

    @property
    def figures(self) -> tuple[str, ...]:
        """The figures that it reads."""
        return _names(self.figure, self.operand)

    @property
    def fires(self) -> frozenset[str]:
        """The sides at which it fires."""
        return frozenset({self.direction} if self.direction else {"above", "below"})

    def standing(self, facts: FigureFacts, hysteresis: float) -> Standing:
        """Return whether the figure is above or below, and none within the hysteresis."""
        value, bound = facts.value(self.figure), facts.value(self.operand)
        distance = value - bound
        if not isfinite(distance) or not distance:
            return Standing("")
        word = "above" if distance > 0 else "below"
        # The side that a rule waits for begins at the bound itself, the other one beyond the band.
        is_near = abs(distance) <= hysteresis and word != self.direction
        return Standing("" if is_near else word, _in_words(self.figure, value, self.operand, bound))


@dataclass(frozen=True, slots=True)
class Moving:
    """Figures of which one is no longer what it was: `wall of NIFTY this_week moves`."""

    figures: tuple[str, ...]

    fires: frozenset[str] = frozenset()
    fires_first = False

    def standing(self, facts: FigureFacts, hysteresis: float) -> Standing:
        """Return what the figures are, in steps of the hysteresis where there is one."""
        values = [facts.value(figure) for figure in self.figures]
        if not all(map(isfinite, values)):
            return Standing("")
        steps = [round(value / hysteresis) if hysteresis else value for value in values]
        shows = ", ".join(
            f"{figure} {_number(value)}" for figure, value in zip(self.figures, values, strict=True)
        )
        return Standing("|".join(map(_number, steps)), shows)


@dataclass(frozen=True, slots=True)
class GapChange:
    """An index that is not OK any more, or is again: `gap opens`, `gap closes`."""

    change: str

    figures = (GAP,)

    @property
    def fires(self) -> frozenset[str]:
        """The change at which it fires."""
        return frozenset({self.change})

    @property
    def fires_first(self) -> bool:
        """Whether a session that begins in a gap is an edge."""
        return self.change == "opens"

    def standing(self, facts: FigureFacts, hysteresis: float) -> Standing:  # noqa: ARG002
        """Return whether there is a gap."""
        value = facts.value(GAP)
        return Standing("" if not isfinite(value) else "opens" if value else "closes")


@dataclass(frozen=True, slots=True)
class TokenEnding:
    """An access token that ends soon: `token expires within 30 m`."""

    seconds: float

    figures = (SECONDS_LEFT,)
    fires = frozenset({_IN})
    fires_first = True

    def standing(self, facts: FigureFacts, hysteresis: float) -> Standing:
        """Return whether it ends within the time, and not whether it has ended."""
        remaining = facts.value(SECONDS_LEFT)
        if not isfinite(remaining):
            return Standing("")
        if 0 < remaining <= self.seconds:
            return Standing(_IN, f"it ends in {remaining / 60:.0f} minutes; g6 login")
        return Standing(_OUT if remaining > self.seconds + hysteresis else "")


@dataclass(frozen=True, slots=True)
class TokenMissing:
    """No good access token at a time of day in India: `token missing at 08:45`."""

    clock: time

    figures = (TOKEN_GOOD,)
    fires = frozenset({_IN})
    fires_first = True

    def standing(self, facts: FigureFacts, hysteresis: float) -> Standing:  # noqa: ARG002
        """Return whether the time has come and there is no good token."""
        good = facts.value(TOKEN_GOOD)
        if not isfinite(good):
            return Standing("")
        if good or facts.at.astimezone(IST).time() < self.clock:
            return Standing(_OUT)
        return Standing(_IN, "there is no access token; g6 login")


@dataclass(frozen=True, slots=True)
class Happening:
    """An event of the bus: `event alert`, `event gap.opened NIFTY`. It has no sides.

    Attributes:
        key: What the event is of, empty for any.
    """

    type: str
    key: str = ""

    figures: tuple[str, ...] = ()
    fires: frozenset[str] = frozenset()
    fires_first = False

    def standing(self, facts: FigureFacts, hysteresis: float) -> Standing:  # noqa: ARG002
        """Return nothing: no figure says that something happened."""
        return Standing("")


def _names(*operands: str | float) -> tuple[str, ...]:
    return tuple(operand for operand in operands if isinstance(operand, str))


def _in_words(figure: str, value: float, operand: str | float, bound: float) -> str:
    words = f"{figure} {_number(value)}"
    return f"{words}, {operand} {_number(bound)}" if isinstance(operand, str) else words


def _number(value: float) -> str:
    """Return a number as people read it.

    >>> _number(1.2000000001), _number(26000.0)
    ('1.2', '26000')
    """
    return f"{value:.4f}".rstrip("0").rstrip(".")
