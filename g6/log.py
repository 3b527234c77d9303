"""Structured logging: one JSON line per report, coloured sentences on a terminal, and no secret at any level.

configure(settings)                         once per process, Celery's loggers included
startup(version="0.1.0", indices=…, …)      one line per start
report(cycle_report)                        one INFO line per cycle; stages at DEBUG, lost ones at WARNING
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Mapping, Sequence
from typing import Any, Protocol, TextIO

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from g6.domain.cycles.cycle import CycleReport, StageReport
from g6.domain.schema.words import Status
from g6.masking import MASK, hides, mask

QUIET = ("celery", "kombu", "amqp", "billiard", "flower", "uvicorn", "httpx", "httpcore", "asyncio")
"""Libraries that speak from WARNING on, whatever our own level."""


class _Wanted(Protocol):
    """The section `log` of Settings."""

    @property
    def format(self) -> str: ...
    @property
    def level(self) -> str: ...
    @property
    def levels(self) -> Sequence[str]: ...


class HasLog(Protocol):
    """Anything with a section `log`: Settings."""

    @property
    def log(self) -> _Wanted:
        """How to log."""
        ...


def configure(settings: HasLog, stream: TextIO | None = None) -> None:
    """Send everything that this process logs, Celery and the standard library included, to `stream` (else stderr)."""
    stream = stream or sys.stderr
    human = settings.log.format == "human" or (settings.log.format == "auto" and stream.isatty())
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(
            fmt="%H:%M:%S" if human else "iso", utc=not human, key="ts"
        ),
        structlog.processors.format_exc_info,
        masked,
    ]
    renderer: Processor = structlog.processors.JSONRenderer(default=str)
    if human:
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
    root.handlers[:] = [handler]
    root.setLevel(settings.log.level)
    for name in QUIET:
        quiet = logging.getLogger(name)
        quiet.handlers.clear()
        quiet.propagate = True
        quiet.setLevel(max(logging.WARNING, root.level))
    for module, _, level in (each.partition("=") for each in settings.log.levels):
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
    **more: Any,
) -> None:
    """Write the one line of a start: what runs, and a hash per section of its configuration (`all` over them)."""
    config = {
        "config_hash": hashes["all"],
        "sections": {name: value for name, value in hashes.items() if name != "all"},
    }
    _logger().info(
        "startup",
        version=version,
        indices=list(indices),
        interval=interval,
        provider=provider,
        **config,
        **more,
    )


def alert(fact: Mapping[str, Any]) -> None:
    """Write what a person should do something about: one WARNING with the sentence and the command that helps."""
    _logger("alert").warning(
        str(fact.get("sentence", "alert")), **({"fix": fact["fix"]} if fact.get("fix") else {})
    )


def report(done: CycleReport | StageReport) -> None:
    """Write a report: a cycle at INFO, a stage at DEBUG, or at WARNING when its unit is lost."""
    if isinstance(done, CycleReport):
        _logger("cycle").info("cycle", **_cycle(done))
        return
    lost = done.status == Status.MISSING
    line = {
        "cycle": done.cycle,
        "index": done.index,
        "stage": done.stage,
        "status": str(done.status),
        "attempt": done.attempt,
    }
    spent = {name: round(seconds * 1000, 1) for name, seconds in done.seconds.items()}
    details = {"reason": done.reason} if done.reason else {}
    logger = _logger(done.stage)
    (logger.warning if lost else logger.debug)(
        "stage", **line, **details, ms=spent, **_plain(done.counts)
    )


def _cycle(done: CycleReport) -> dict[str, Any]:
    line: dict[str, Any] = {
        "cycle": done.cycle,
        "status": str(done.status),
        "indices": len(done.units),
        "options": sum(done.options.values()),
        "elapsed_ms": round(done.elapsed_seconds * 1000),
        "lateness_ms": round(done.lateness_seconds * 1000),
    }
    if wrong := {
        index: f"{status} {done.reasons.get(index, '')}".strip()
        for index, status in done.units.items()
        if status != Status.OK
    }:
        line["not_ok"] = wrong
    return line if done.attempt == 1 else line | {"attempt": done.attempt}


def _plain(counts: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in counts.items() if isinstance(value, int | float | str)}


def masked(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """Take secrets out of a log entry: by the name of their key, and by their shape anywhere in a text."""
    return {name: MASK if hides(name, value) else mask(value) for name, value in event.items()}


def _logger(part: str = "") -> structlog.stdlib.BoundLogger:
    """Return the logger of one part of G6, whose level `log.levels` may set by itself."""
    logger: structlog.stdlib.BoundLogger = structlog.get_logger(f"g6.{part}" if part else "g6")
    return logger
