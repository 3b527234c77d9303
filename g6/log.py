"""Structured logging: one JSON line per report, sentences on a terminal, no secret at any level.

configure(settings)                         once per process, Celery's loggers included
startup(version="0.1.0", indices=…, …)      one line per start report(cycle_report)
one INFO line per cycle. Stages at DEBUG, lost ones at WARNING
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Mapping, Sequence
from typing import Protocol, TextIO

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from g6.domain.reports import Alert, CycleReport, StageReport
from g6.domain.schema.words import Status
from g6.errors.masking import MASK, hides, mask

QUIET = ("celery", "kombu", "amqp", "billiard", "flower", "uvicorn", "httpx", "httpcore", "asyncio")
"""Libraries that log from WARNING on, whatever level G6 has."""


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


class HasLog(Protocol):
    """Anything with a section `log`, as the settings have one."""

    @property
    def log(self) -> LogOptions:
        """Format and severities."""
        ...


def configure(settings: HasLog, stream: TextIO | None = None) -> None:
    """Send everything that this process logs to one stream.

    Args:
        settings: Format and severities.
        stream: Where lines go, None for the standard error.
    """
    stream = stream or sys.stderr
    is_human = settings.log.format == "human" or (settings.log.format == "auto" and stream.isatty())
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(
            fmt="%H:%M:%S" if is_human else "iso", utc=not is_human, key="ts"
        ),
        structlog.processors.format_exc_info,
        masked,
    ]
    renderer: Processor = structlog.processors.JSONRenderer(default=str)
    if is_human:
        renderer = structlog.dev.ConsoleRenderer(
            colors=stream.isatty(),
            timestamp_key="ts",
            sort_keys=False,
            exception_formatter=structlog.dev.plain_traceback,
        )
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared[:2], structlog.stdlib.add_logger_name, *shared[2:]],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    root = logging.getLogger()
    # Celery hijacks the root logger unless it is told not to; whoever came before is replaced.
    root.handlers[:] = [handler]
    root.setLevel(settings.log.level)
    # Their own handlers would write each line twice, and unmasked.
    for name in QUIET:
        quiet = logging.getLogger(name)
        quiet.handlers.clear()
        quiet.propagate = True
        quiet.setLevel(max(logging.WARNING, root.level))
    for text in settings.log.levels:
        module, _, level = text.partition("=")
        logging.getLogger(module).setLevel(level)
    logging.captureWarnings(capture=True)
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
    )


def startup(
    *,
    version: str,
    indices: Sequence[str],
    interval: int,
    provider: str,
    hashes: Mapping[str, str],
    **more: object,
) -> None:
    """Write the line of a start: version, indices, provider, hashes of the configuration."""
    sections = {name: value for name, value in hashes.items() if name != "all"}
    _logger().info(
        "startup",
        version=version,
        indices=list(indices),
        interval=interval,
        provider=provider,
        config_hash=hashes["all"],
        sections=sections,
        **more,
    )


def alert(alert: Alert) -> None:
    """Write one WARNING: what a person should act on, and the command that helps.

    What is over is an INFO line.
    """
    fix = {"fix": alert.fix} if alert.fix else {}
    logger = _logger("alert")
    write = logger.info if alert.is_over else logger.warning
    write(alert.sentence or "alert", **fix)


def notice(subject: str, sentence: str, fix: str = "") -> None:
    """Write a state of the run that has changed, such as a market that opens."""
    _logger().info(sentence, of=subject, **({"fix": fix} if fix else {}))


def report(facts: CycleReport | StageReport) -> None:
    """Write a report: a cycle at INFO, a stage at DEBUG, or at WARNING when its unit is lost."""
    if isinstance(facts, CycleReport):
        _logger("cycle").info("cycle", **_cycle_line(facts))
        return
    logger = _logger(facts.stage)
    write = logger.warning if facts.status == Status.MISSING else logger.debug
    write("stage", **_stage_line(facts))


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


def _logger(part: str = "") -> structlog.stdlib.BoundLogger:
    """Return the logger of one part of G6, whose level `log.levels` may set by itself."""
    logger: structlog.stdlib.BoundLogger = structlog.get_logger(f"g6.{part}" if part else "g6")
    return logger
