"""Structured logging: one JSON line per report, sentences on a terminal, no secret at any level.

configure(settings)                         once per process, Celery's loggers included
configure(settings, file=DIR / FILE)        and whatever is logged goes to a file as well
startup(version="0.1.0", indices=…, …)      one line per start
report(cycle_report)                        one INFO line per cycle; stages at DEBUG, lost ones at
                                            WARNING
record(event)                               the same of an event of the bus, for the file alone
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Protocol, TextIO

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from g6.domain.market.calendar import day_of
from g6.domain.market.instants import clock_in_words, with_indian_clocks
from g6.domain.reports import (
    Alert,
    CycleReport,
    Event,
    GapClosed,
    GapOpened,
    StageReport,
)
from g6.domain.schema.json_types import present
from g6.domain.schema.words import Status
from g6.errors.masking import MASK, hides, mask
from g6.log.rotation import LogFileHandler, Rotation

QUIET = ("celery", "kombu", "amqp", "billiard", "flower", "uvicorn", "httpx", "httpcore", "asyncio")
"""Libraries that log from WARNING on, whatever level G6 has."""
FILE = "g6.log"
"""The file of a run in its directory of logs: cycles, stages, gaps, alerts, warnings."""
KEPT = "g6.kept"
"""What begins the names of loggers whose lines go to the file alone."""
VOICES = ("g6.cycle", "g6.alert", "g6.start")
"""Loggers of what a person hears of a run. The file has it from elsewhere."""


class LogOptions(Protocol):
    """The section `log` of the settings."""

    @property
    def format(self) -> str:
        """One of auto, human and json."""
        ...

    @property
    def level(self) -> str:
        """The least severity that is written."""
        ...

    @property
    def levels(self) -> Sequence[str]:
        """The least severity by module: `kombu=INFO`."""
        ...

    @property
    def rotate_bytes(self) -> int:
        """The size from which on a log file begins anew."""
        ...

    @property
    def keep_files(self) -> int:
        """How many earlier files of a process are kept."""
        ...


class HasLog(Protocol):
    """Anything with a section `log`, as the settings have one."""

    @property
    def log(self) -> LogOptions:
        """Format and severities."""
        ...


def rotation(options: LogOptions) -> Rotation:
    """Return when log files begin anew, and how many are kept."""
    return Rotation(options.rotate_bytes, options.keep_files)


def configure(settings: HasLog, stream: TextIO | None = None, *, file: Path | None = None) -> None:
    """Send everything that this process logs to one stream, and to a file where one is named.

    Args:
        settings: Format and severities.
        stream: Where lines go, None for the standard error.
        file: Where they go as JSON beside it, with what happens on the bus.
    """
    stream = stream or sys.stderr
    is_human = settings.log.format == "human" or (settings.log.format == "auto" and stream.isatty())
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="ts"),
        structlog.processors.format_exc_info,
        masked,
    ]
    json_line: list[Processor] = [structlog.processors.JSONRenderer(default=str)]
    console = structlog.dev.ConsoleRenderer(
        colors=stream.isatty(),
        timestamp_key="ts",
        sort_keys=False,
        exception_formatter=structlog.dev.plain_traceback,
    )
    written = logging.StreamHandler(stream)
    written.setFormatter(_formatter(shared, [_clock, console] if is_human else json_line))
    written.addFilter(lambda line: not line.name.startswith(KEPT))
    handlers: list[logging.Handler] = [written]
    if file is not None:
        kept = LogFileHandler(file, rotation(settings.log))
        kept.setFormatter(_formatter(shared, json_line))
        kept.addFilter(lambda line: line.name not in VOICES)
        handlers.append(kept)
    _attach(handlers, settings.log)
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
    )


def _formatter(
    shared: Sequence[Processor], renderers: Sequence[Processor]
) -> structlog.stdlib.ProcessorFormatter:
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[*shared[:2], structlog.stdlib.add_logger_name, *shared[2:]],
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *renderers],
    )


def _attach(handlers: Sequence[logging.Handler], options: LogOptions) -> None:
    root = logging.getLogger()
    for before in root.handlers:
        if isinstance(before, LogFileHandler):
            before.close()
    # Celery hijacks the root logger unless it is told not to; whoever came before is replaced.
    root.handlers[:] = handlers
    root.setLevel(options.level)
    # Their own handlers would write each line twice, and unmasked.
    for name in QUIET:
        quiet = logging.getLogger(name)
        quiet.handlers.clear()
        quiet.propagate = True
        quiet.setLevel(max(logging.WARNING, root.level))
    for text in options.levels:
        module, _, level = text.partition("=")
        logging.getLogger(module).setLevel(level)
        logging.getLogger(module.replace("g6", KEPT, 1)).setLevel(level)
    logging.captureWarnings(capture=True)


def _clock(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """Write instants as a clock in India shows them: the line's own, and those in its texts."""
    at = datetime.fromisoformat(event["ts"])
    day = day_of(at)
    line: EventDict = {}
    for name, value in event.items():
        line[name] = with_indian_clocks(value, day) if isinstance(value, str) else value
    return {**line, "ts": clock_in_words(at, has_seconds=True)}


def startup(
    *,
    version: str,
    indices: Sequence[str],
    interval: int,
    provider: str,
    hashes: Mapping[str, str],
    is_kept: bool = False,
    **more: object,
) -> None:
    """Write the line of a start: version, indices, interval, provider, hash of the configuration.

    The file has the hash of each section beside it, by which two starts are compared. With
    `is_kept` a person hears none of it.
    """
    line: dict[str, object] = {
        "version": version,
        "indices": list(indices),
        "interval": interval,
        "provider": provider,
        "config_hash": hashes["all"],
        **more,
    }
    if not is_kept:
        _logger("start", is_kept=False).info("startup", **line)
    sections = {name: value for name, value in hashes.items() if name != "all"}
    _logger("start", is_kept=True).info("startup", **line, sections=sections)


def alert(alert: Alert, *, is_kept: bool = False) -> None:
    """Write one WARNING: what a person should act on, and the command that helps.

    What is over is an INFO line. With `is_kept` it goes to the file alone.
    """
    fix = {"fix": alert.fix} if alert.fix else {}
    logger = _logger("alert", is_kept=is_kept)
    write = logger.info if alert.is_over else logger.warning
    places = present(cycle=alert.facts.cycle, index=alert.facts.index)
    write(alert.sentence or "alert", of=alert.state, **places, **fix)


def notice(subject: str, sentence: str, fix: str = "", *, is_kept: bool = False) -> None:
    """Write a state of the run that has changed, such as a market that opens."""
    _logger("notice", is_kept=is_kept).info(sentence, of=subject, **({"fix": fix} if fix else {}))


def report(facts: CycleReport | StageReport, *, trace: str = "", is_kept: bool = False) -> None:
    """Write a report: a cycle at INFO, a stage at DEBUG, either at WARNING when a unit is lost."""
    traced = {"trace": trace} if trace else {}
    if isinstance(facts, CycleReport):
        logger = _logger("cycle", is_kept=is_kept)
        is_lost = Status.MISSING in facts.units.values()
        write = logger.warning if is_lost else logger.info
        write("cycle", **_cycle_line(facts), **traced)
        return
    logger = _logger(facts.stage, is_kept=is_kept)
    write = logger.warning if facts.status == Status.MISSING else logger.debug
    write("stage", **_stage_line(facts), **traced)


def record(event: Event) -> None:
    """Write an event of the bus to the file: a cycle, a stage, a gap or an alert."""
    trace = event.meta.trace
    match event.payload:
        case CycleReport() | StageReport() as facts:
            report(facts, trace=trace, is_kept=True)
        case Alert() as told:
            alert(told, is_kept=True)
        case GapOpened() | GapClosed() as change:
            logger = _logger("gap", is_kept=True)
            write = logger.warning if isinstance(change, GapOpened) else logger.info
            write(str(event.type), **change.to_json(), **({"trace": trace} if trace else {}))
        case _:
            pass


def _stage_line(stage: StageReport) -> dict[str, object]:
    line: dict[str, object] = {
        "cycle": stage.cycle,
        "index": stage.index,
        "stage": stage.stage,
        "status": str(stage.status),
        "attempt": stage.attempt,
    }
    if stage.reason:
        line["reason"] = stage.reason
    line["ms"] = {name: round(seconds * 1000, 1) for name, seconds in stage.seconds.items()}
    # Counts by index or by reason stay in the report: a log line holds plain values alone.
    plain = (int, float, str)
    counts = {} if stage.counts is None else stage.counts.to_json()
    return line | {name: count for name, count in counts.items() if isinstance(count, plain)}


def _cycle_line(cycle: CycleReport) -> dict[str, object]:
    line: dict[str, object] = {
        "cycle": cycle.cycle,
        "status": str(cycle.status),
        "indices": len(cycle.units),
        "options": sum(cycle.options.values()),
        "elapsed_ms": round(cycle.elapsed_seconds * 1000),
        "lateness_ms": round(cycle.lateness_seconds * 1000),
    }
    not_ok = {}
    for index, status in cycle.units.items():
        if status != Status.OK:
            not_ok[index] = f"{status} {cycle.reasons.get(index, '')}".strip()
    if not_ok:
        line["not_ok"] = not_ok
    if cycle.attempt != 1:
        line["attempt"] = cycle.attempt
    return line


def masked(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """Mask the secrets of a log entry, by the name of their key and by their shape in any text."""
    return {name: MASK if hides(name, value) else mask(value) for name, value in event.items()}


def _logger(part: str = "", *, is_kept: bool = False) -> structlog.stdlib.BoundLogger:
    """Return the logger of one part of G6, whose level `log.levels` may set by itself."""
    name = KEPT if is_kept else "g6"
    logger: structlog.stdlib.BoundLogger = structlog.get_logger(f"{name}.{part}" if part else name)
    return logger
