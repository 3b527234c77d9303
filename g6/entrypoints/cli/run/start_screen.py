"""The screen of a start: what is collected from where, the market, the login, files and pages."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from datetime import datetime
from itertools import pairwise
from pathlib import Path

from rich.console import Console

from g6 import __version__
from g6.bootstrap.reading.study_readers import collection_reader
from g6.config import Settings
from g6.domain.cycles.sizing import PARTS_SHARE
from g6.domain.schema.layout import Folder
from g6.entrypoints.machine.supervisor import Stack
from g6.errors import G6Error, Unavailable
from g6.errors.masking import mask_address
from g6.ports.sources import Ability, abilities_of
from g6.rendering import run_screen
from g6.rendering.run_screen import Notice
from g6.rendering.tables.market import day_estimate_table
from g6.rendering.wording import megabytes
from g6.studies.market.day_estimate import DayEstimate, estimate_of_cycles
from g6.studies.parameters import written


def print_start(
    console: Console,
    stack: Stack,
    notices: Iterable[Notice],
    estimate: DayEstimate | None,
    *,
    serves: bool,
    is_bounded: bool = False,
) -> None:
    """Print the screen of a start unless `console.banner` is off.

    A state that keeps anything from being collected is printed all the same, with what helps.
    """
    settings = stack.settings
    notices = list(notices)
    if settings.console.banner:
        sentence = ""
        if estimate is not None:
            sentence = day_estimate_table.sentence(estimate, is_whole=not is_bounded)
        rows = [*_rows(settings, stack.broker, notices, sentence, serves=serves)]
        for line in run_screen.start_lines(_title(stack), rows, console.width):
            console.print(line, soft_wrap=True)
        return
    for notice in notices:
        if notice.is_trouble:
            for line in run_screen.notice_lines(notice, stack.runtime.clock.market()):
                console.print(line, soft_wrap=True)


def _title(stack: Stack) -> str:
    """Return what is collected how often. A recording has indices and instants of its own."""
    settings = stack.settings
    recorded = None
    if settings.source.can(Ability.RECORDED):
        recorded = abilities_of(stack.runtime.provider).recorded
    if recorded is None:
        return f"G6 {__version__}: {', '.join(settings.indices)} every {settings.interval} s"
    return f"G6 {__version__}: {', '.join(stack.runtime.plan.indices)}{_pace(recorded.cycles())}"


def _pace(instants: Sequence[datetime]) -> str:
    """Return the commonest step between instants in words, empty of a single one."""
    steps = Counter(later - earlier for earlier, later in pairwise(instants))
    if not steps:
        return ""
    (step, _), *_ = steps.most_common(1)
    return f" every {step.total_seconds():g} s"


def _rows(
    settings: Settings,
    broker: str,
    notices: Iterable[Notice],
    estimate: str,
    *,
    serves: bool,
) -> Iterator[tuple[str, str]]:
    """Yield labels and facts. What helps stands below the state that it helps."""
    yield "source", source_words(settings)
    for notice in notices:
        yield notice.subject, notice.sentence
        if notice.fix:
            yield "", f"fix: {notice.fix}"
    free = megabytes(shutil.disk_usage(settings.directory).free)
    yield "files", f"{settings.directory} ({free} free)"
    if estimate:
        yield "", estimate
    if serves:
        yield "pages", pages(settings)
    yield "Redis", mask_address(broker)


def source_words(settings: Settings) -> str:
    """Return the provider as it is configured, in words."""
    provider = settings.provider
    name = provider.name
    if settings.lookalike:
        return f"{name}, a look-alike at {mask_address(provider.root or '')}"
    if settings.source.is_simulated:
        market = settings.market
        pace = "" if market.speed == 1.0 else f", speed {written(market.speed)}"
        return f"{name}, the simulated market of seed {market.seed}{pace}"
    if provider.recording is not None:
        return f"{name}, the recording {provider.recording}"
    summary = settings.source.summary.partition(":")[0]
    return f"{name}, {summary}" if summary else name


def pages(settings: Settings) -> str:
    """Return the addresses of g6 serve, or where they are written down."""
    serve = settings.serve
    ports = {"": serve.web_port, "status": serve.web_port, "metrics": serve.metrics_port}
    addresses = [f"http://{serve.host}:{port}/{page}" for page, port in ports.items() if port]
    return ", ".join(addresses) or f"addresses in {settings.directory / Folder.LOGS / 'serve.log'}"


def estimate_of(settings: Settings, cycles: int | None = None) -> DayEstimate | None:
    """Return what a whole day, or its first cycles, will take; None where that is not known."""
    with suppress(G6Error):  # whoever needs what is missing says so
        return estimate_of_cycles(collection_reader(settings), cycles)
    return None


def refuse_full_disk(settings: Settings, estimate: DayEstimate | None) -> None:
    """Refuse a start whose files will not fit on the disk by its own estimate.

    Raises:
        Unavailable: There is less room than the rows will take until they are compacted.
    """
    if estimate is None:
        return
    needed: dict[Path, float] = {}
    if settings.storage.parquet.enabled:
        size = PARTS_SHARE * estimate.total.compacted
        needed[settings.directory] = needed.get(settings.directory, 0.0) + size
    if settings.storage.csv.enabled:
        place = settings.directory if _same_disk(settings) else settings.csv_dir
        needed[place] = needed.get(place, 0.0) + estimate.total.csv
    for directory, size in needed.items():
        free = shutil.disk_usage(_existing(directory)).free
        if size > free:
            raise Unavailable(
                f"{estimate.cycles} cycles will take about {megabytes(size)} and the disk of "
                f"{directory} has {megabytes(free)} left",
                "free space there (g6 data size says what takes it), collect fewer --indices or "
                "at a longer --interval, or say --anyway",
            )


def _same_disk(settings: Settings) -> bool:
    devices = {_existing(path).stat().st_dev for path in (settings.directory, settings.csv_dir)}
    return len(devices) == 1


def _existing(directory: Path) -> Path:
    """Return the directory, or the nearest one above it that is there."""
    path = directory.absolute()
    while not path.exists():
        path = path.parent
    return path
