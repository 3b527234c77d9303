"""The lifeline in one process's memory, with the answers of the Redis lifeline."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from math import inf

from g6.adapters.memory.controls import MemoryControls
from g6.domain.cycles.unopened import (
    STOOD_STILL_SECONDS,
    Span,
    is_settled,
    known_end,
    why_unopened,
)
from g6.domain.reports import Switches
from g6.domain.schema.words import Reason
from g6.ports import Clock, CycleRecord

HISTORY_LENGTH = 64
"""Beats and outages that are remembered."""
FORGOTTEN_SECONDS = 3600.0
"""Beats without a sign for so long are forgotten once there are more than `HISTORY_LENGTH`."""


@dataclass(slots=True)
class LifeSigns:
    """What several lifelines share: the part of them that Redis holds.

    Attributes:
        is_marked: Whether nobody emptied it since a beat wrote its last sign.
        last_sign: When a beat signed last, None where none did since.
        is_away: Whether nobody can reach it.
        beats: Until when each beat sent what was due, as of its last sign, by the time it was born.
        outages: First and last second of each outage, and its reason.
    """

    is_marked: bool = False
    last_sign: float | None = None
    is_away: bool = False
    beats: dict[float, float] = field(default_factory=dict)
    outages: list[tuple[float, float, str]] = field(default_factory=list)

    def empty(self) -> None:
        """Forget everything, as a Redis does that was emptied."""
        self.is_marked = False
        self.last_sign = None
        self.beats.clear()
        self.outages.clear()


class MemoryLifeline:
    """Lifeline port over `signs`, which the beats of a test share.

    `reach` is how many seconds before its deadline, or before the signs were emptied, an open cycle
    may have begun. `open_cycles` gives those of the ledger, oldest first.
    """

    def __init__(
        self,
        signs: LifeSigns,
        controls: MemoryControls,
        clock: Clock,
        *,
        reach: float = 60.0,
        open_cycles: Callable[[], Sequence[CycleRecord]] = tuple,
    ) -> None:
        self._signs = signs
        self._controls = controls
        self._clock = clock
        self._reach = reach
        self._open_cycles = open_cycles
        self._born = clock.wall()
        self._sent_until = self._born
        self._first_life = (self._born, self._born)
        self._last_seen: float | None = None
        self._oldest_open = inf
        self._was_away = False
        self._met_first = 0.0
        self._met_away = 0.0
        self._active_at = self._born
        self._stood_still = False
        self._woke_at = self._born
        self._sent_since_woke = False
        self._is_publishing = False
        self._switches = Switches()

    def record_beat(self) -> bool:
        """Record that a beat lives. False when the signs are away.

        Where they were away, the outage is recorded. Where they were emptied, switches are given
        back.
        """
        signs = self._signs
        if signs.is_away:
            self._meet_outage()
            return False
        now = self._clock.wall()
        is_emptied = not signs.is_marked
        signs.is_marked = True
        signs.last_sign = now
        self._note_outage(now, is_emptied=is_emptied)
        # On an overloaded host one signed 0.6 s after an instant, and stood still before it sent
        # the cycle. What it did before that sign was before the instant.
        sent_until = now if self._last_seen is None else min(now, self._active_at)
        self._be_active()
        if self._stood_still:
            # Signs that were emptied meanwhile know no other beginning of a live run. One that
            # stood still before its first sign was said to be alive in all that time.
            signs.beats[self._born] = self._sent_until
            # It may have sent a cycle between its waking and its sign.
            self._born = self._woke_at
            sent_until = max(sent_until, self._born)
        signs.beats[self._born] = sent_until
        self._sent_until = sent_until
        first_born, first_until = self._first_life
        if self._born == first_born:
            self._first_life = (first_born, sent_until)
        elif is_emptied:
            # Only its first life began where a live run did.
            signs.beats[first_born] = first_until
        self._forget_beats(now)
        if is_emptied:
            self._controls.give_back(self._switches.to_json())
        oldest = self._open_cycles()[:1]
        self._oldest_open = oldest[0].opening.deadline if oldest else inf
        self._last_seen = now
        self._stood_still = False
        self._was_away = False
        self._switches = self._controls.read()
        return True

    def last_beat(self) -> float | None:
        """Return the newest sign of a beat, None where there is none."""
        return self._signs.last_sign

    def first_beat(self) -> float | None:
        """Return when the oldest beat was born, None where there is none."""
        return min(self._signs.beats, default=None)

    def is_settled(self, now: float) -> bool:
        """Return whether every beat that lives has signed since the last outage and birth."""
        ends = [last for _, last, _ in self._signs.outages[-1:]]
        return is_settled(now, *ends, *self._signs.beats)

    def before_publish(self) -> None:
        """Note that beat is about to publish.

        A publish before it that never came to its end met signs that were away.
        """
        self._be_active()
        if self._is_publishing:
            self._meet_outage()
        self._is_publishing = True

    def after_publish(self) -> None:
        """Note that the message was published."""
        self._be_active()
        self._sent_since_woke = True
        self._is_publishing = False

    def fail_publish(self) -> None:
        """Note that the message was not published."""
        self._meet_outage()
        self._is_publishing = False

    def reasons(self, dues: Sequence[float]) -> Sequence[str]:
        """Return why nobody opened the cycles due at these wall times, "" where not known."""
        lived: list[Span] = [*self._signs.beats.items()]
        return [why_unopened(due, lived, self._signs.outages) for due in dues]

    def _be_active(self) -> None:
        now = self._clock.wall()
        if now - self._active_at > STOOD_STILL_SECONDS:
            self._stood_still = True
            self._woke_at = now
            self._sent_since_woke = False
        self._active_at = now

    def _meet_outage(self) -> None:
        self._be_active()
        self._met_away = self._clock.wall()
        if not self._was_away:
            self._met_first = self._met_away
        self._was_away = True

    def _not_away_until(self) -> float:
        """Return when this beat woke, if it sent something before it met the outage, else 0."""
        has_sent = self._sent_since_woke and self._woke_at < self._met_first
        return self._woke_at if has_sent else 0.0

    def _note_outage(self, now: float, *, is_emptied: bool) -> None:
        if not self._was_away and (self._last_seen is None or not is_emptied):
            return
        # A beat that was born while the signs were away was never alive to anybody: its life since
        # then said of cycles that nobody could send that no worker had taken them.
        first = self._born if self._last_seen is None else self._last_seen
        if self._was_away:
            # One that stood still for 22 s as it published told all of it as an outage, of which
            # another beat had signed in the first half.
            lives = self._signs.beats.items()
            others = [until for born, until in lives if born != self._born]
            first = max([first, *(until for until in others if until < self._met_first)])
            # Nor is the time that it slept before it sent something.
            first = max(first, self._not_away_until())
        if is_emptied and self._last_seen is not None:
            # A full disk keeps cycles open long after their deadlines.
            first = min(self._last_seen, self._oldest_open) - self._reach
        reason = Reason.REDIS_DOWN if self._was_away else Reason.LEDGER_LOST
        end = now
        if self._was_away and not self._is_publishing:
            end = known_end(self._met_away, now)
        self._signs.outages.append((first, end, reason))
        del self._signs.outages[:-HISTORY_LENGTH]

    def _forget_beats(self, now: float) -> None:
        beats = self._signs.beats
        if len(beats) <= HISTORY_LENGTH:
            return
        for born, last in [*beats.items()]:
            if last < now - FORGOTTEN_SECONDS:
                del beats[born]
