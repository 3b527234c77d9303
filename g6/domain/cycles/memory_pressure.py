"""Memory pressure: what is cut back as workers fill their memory, and when it comes back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from math import isfinite, nan

from g6.domain.schema.json_reading import read_record
from g6.domain.schema.json_types import Document, JsonObject


class PressureLevel(IntEnum):
    """How far the work is cut back. Each level cuts what those before it cut as well."""

    NONE = 0
    NO_OPTION_SERIES = 1
    NO_GREEKS = 2
    FEWER_STRIKES = 3
    FEWER_EXPIRIES = 4

    @property
    def effect(self) -> str:
        """What this level cuts, as a sentence without its end; empty for none."""
        return _EFFECTS[self]

    @property
    def effects(self) -> tuple[str, ...]:
        """What is cut at this level, in the order of the levels.

        >>> PressureLevel.NO_GREEKS.effects
        ('series of single options are dropped', 'Greeks are suspended')
        """
        return tuple(level.effect for level in PressureLevel if NONE < level <= self)


NONE = PressureLevel.NONE
_EFFECTS: Mapping[PressureLevel, str] = {
    PressureLevel.NONE: "",
    PressureLevel.NO_OPTION_SERIES: "series of single options are dropped",
    PressureLevel.NO_GREEKS: "Greeks are suspended",
    PressureLevel.FEWER_STRIKES: "strikes far from the money are not collected",
    PressureLevel.FEWER_EXPIRIES: "only the nearest expiry is collected",
}


@dataclass(frozen=True, slots=True)
class PressureRules:
    """When levels are entered and left.

    Attributes:
        limit_bytes: Memory that the workers of a host may take, None for the share `of_host` of
            what the host has, 0 for no limit.
        of_host: That share.
        enter: Share of the limit from which each level is entered, ascending.
        margin: How far below its entry the share must fall before a level is left.
        calm_seconds: How long it must stay there.
    """

    limit_bytes: float | None = None
    of_host: float = 0.75
    enter: tuple[float, float, float, float] = (0.70, 0.80, 0.88, 0.95)
    margin: float = 0.07
    calm_seconds: float = 60.0

    def limit(self, host_bytes: float | None) -> float:
        """Return the bytes that the workers of a host may take, NaN for no limit.

        >>> PressureRules().limit(8e9)
        6000000000.0
        """
        if self.limit_bytes is not None:
            return self.limit_bytes or nan
        return nan if host_bytes is None else self.of_host * host_bytes


@dataclass(frozen=True, slots=True)
class MemoryPressure:
    """How full the memory is, and what follows.

    Attributes:
        level: What is cut.
        share: Memory that workers take over what they may take, of the fullest host. NaN unknown.
        limit_bytes: What they may take there, NaN for no limit.
        host: That host.
        calm_since: Wall time since which the share is low enough to leave the level, None while
            it is not.
    """

    level: PressureLevel = PressureLevel.NONE
    share: float = nan
    limit_bytes: float = nan
    host: str = ""
    calm_since: float | None = None

    def to_json(self) -> JsonObject:
        """Return the pressure as JSON has it, with what it cuts in words.

        >>> MemoryPressure().to_json()["level"]
        0
        """
        return {
            "level": int(self.level),
            "effects": list(self.level.effects),
            "share": self.share if isfinite(self.share) else None,
            "limit_bytes": self.limit_bytes if isfinite(self.limit_bytes) else None,
            "host": self.host,
            "calm_since": self.calm_since,
        }

    @classmethod
    def from_json(cls, document: Document) -> MemoryPressure:
        """Read what `to_json` gave."""
        return read_record(cls, document)


@dataclass(frozen=True, slots=True)
class HostMemory:
    """The memory of one host.

    Attributes:
        used_bytes: What its workers take, pages that they share counted once.
        host_bytes: What it has, None unknown.
    """

    host: str
    used_bytes: float
    host_bytes: float | None = None


def next_pressure(
    before: MemoryPressure, hosts: Sequence[HostMemory], now: float, rules: PressureRules
) -> MemoryPressure:
    """Return the pressure after one look at the memory.

    A level is entered at once, and several at a time. One level at a time is left, after the share
    has been `margin` below its entry for `calm_seconds`: a level that frees what filled the memory
    would otherwise end itself.

    Args:
        before: The pressure until now.
        hosts: What was observed. Nothing keeps the level, hosts without a limit end it.
        now: Wall time, epoch seconds.
        rules: When levels change.

    >>> first = next_pressure(MemoryPressure(), [HostMemory("a", 5e9, 8e9)], 0.0, PressureRules())
    >>> first.level, round(first.share, 3)
    (<PressureLevel.NO_GREEKS: 2>, 0.833)
    """
    fullest = _fullest(hosts, rules)
    if not isfinite(fullest.share):
        return MemoryPressure() if hosts else before
    target = PressureLevel(sum(fullest.share >= entry for entry in rules.enter))
    level = before.level
    if target >= level:
        return MemoryPressure(target, fullest.share, fullest.limit_bytes, fullest.host)
    is_calm = fullest.share < rules.enter[level - 1] - rules.margin
    since = None
    if is_calm:
        since = now if before.calm_since is None else before.calm_since
        if now - since >= rules.calm_seconds:
            level = PressureLevel(level - 1)
            since = None
    return MemoryPressure(level, fullest.share, fullest.limit_bytes, fullest.host, since)


def _fullest(hosts: Sequence[HostMemory], rules: PressureRules) -> MemoryPressure:
    """Return share and limit of the fullest host."""
    fullest = MemoryPressure()
    for memory in hosts:
        limit = rules.limit(memory.host_bytes)
        share = memory.used_bytes / limit
        if isfinite(share) and not share <= fullest.share:
            fullest = MemoryPressure(NONE, share, limit, memory.host)
    return fullest
