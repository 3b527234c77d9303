"""What the processes of a run wrote into their logs, in one order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Annotated

from g6.domain.cycles.cycle import parse_z
from g6.domain.market.instants import MarketTime, instant_of_text
from g6.ports.readers import LogLine, LogReader
from g6.studies.documents import columns_of
from g6.studies.parameters import Parameter, cycle_name
from g6.studies.selection import EARLIEST, known_index

__all__ = ["LEVELS", "LogLines", "LogParameters", "answer"]

LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")
"""From the least severe to the most."""
AS_ERROR = {"critical": "ERROR", "exception": "ERROR"}
"""Further words of libraries for a severity."""


def _wall_instant(value: object, at: MarketTime) -> datetime:
    """Return an instant of the wall's clock, which lines carry whatever the market's says."""
    return instant_of_text(value, replace(at, now=at.wall))


@dataclass(frozen=True, slots=True)
class LogParameters:
    """Asks for lines of logs."""

    index: Annotated[
        str | None,
        Parameter("Only lines about this index.", "NIFTY", metavar="INDEX", read=known_index),
    ] = None
    level: Annotated[
        str,
        Parameter(
            "Only lines of this severity or a higher one.",
            "WARNING",
            choices=LEVELS,
            metavar="|".join(LEVELS),
        ),
    ] = "DEBUG"
    since: Annotated[
        datetime | None,
        Parameter(
            "Only lines since then, by the wall's clock: 11:02, -5m, yesterday and so on.",
            "-5m",
            metavar="INSTANT",
            read_at=_wall_instant,
        ),
    ] = None
    cycle: Annotated[
        str | None,
        Parameter(
            "Only lines about this cycle.",
            "2026-11-20T04:05:00Z",
            metavar="CYCLE",
            read_at=cycle_name,
        ),
    ] = None
    at: Annotated[
        datetime | None,
        Parameter(
            "Only lines up to then, by the wall's clock: 11:02, -5m, yesterday and so on.",
            "11:02",
            option="--at",
            also=("--as-of",),
            metavar="INSTANT",
            read_at=_wall_instant,
        ),
    ] = None
    lines: Annotated[
        int, Parameter("How many of the newest lines to show.", "50", least=1, metavar="N")
    ] = 200


@dataclass(frozen=True, slots=True)
class LogLines:
    """Lines of all processes, the oldest first.

    Attributes:
        lines: The lines that were asked for.
        left_out: How many more of them there are, all of them older.
        mark: The newest line, as what follows the logs tells a new one by.
    """

    lines: tuple[LogLine, ...]
    left_out: int = 0
    mark: str = ""

    @property
    def nothing(self) -> str:
        """What is said where no line was found, empty where there are some."""
        return "" if self.lines else "no line of the logs is like that"

    def columns(self) -> Mapping[str, list[object]]:
        """Return one line per line."""
        return columns_of(LogLine, self.lines)


def answer(reader: LogReader, parameters: LogParameters) -> LogLines:
    """Return the lines that were written since the reader was asked last.

    Raises:
        NothingToDo: There is no log.
    """
    # Of a past instant the older files count as well, which are read where a beginning is named.
    since = parameters.since if parameters.at is None else parameters.since or EARLIEST
    lines = [line for line in reader.lines(since) if _is_wanted(line, parameters)]
    newest = lines[-parameters.lines :]
    last = newest[-1] if newest else None
    mark = "" if last is None else f"{last.at} {last.process} {last.event} {len(lines)}"
    return LogLines(tuple(newest), len(lines) - len(newest), mark)


def _is_wanted(line: LogLine, parameters: LogParameters) -> bool:
    return (
        _severity(line.level) >= LEVELS.index(parameters.level)
        and (parameters.index is None or _is_about(line, parameters.index))
        and (parameters.cycle is None or line.cycle == parameters.cycle)
        and (parameters.since is None or _is_since(line, parameters.since))
        and (parameters.at is None or _is_by(line, parameters.at))
    )


def _severity(level: str) -> int:
    name = AS_ERROR.get(level.lower(), level.upper())
    return LEVELS.index(name) if name in LEVELS else LEVELS.index("INFO")


def _is_about(line: LogLine, index: str) -> bool:
    """Tell whether a line is about an index: its own field, those not OK of a cycle, its words."""
    if line.index:
        return line.index == index
    not_ok = line.more.get("not_ok")
    if isinstance(not_ok, Mapping) and index in not_ok:
        return True
    return index in line.event.replace(",", " ").replace(":", " ").split()


def _is_since(line: LogLine, since: datetime) -> bool:
    return bool(line.at) and parse_z(line.at).astimezone(UTC) >= since


def _is_by(line: LogLine, at: datetime) -> bool:
    return bool(line.at) and parse_z(line.at).astimezone(UTC) <= at
