"""Which days a sample has, which of them are there already, and their making over all cores."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import chain
from math import ceil
from pathlib import Path

from g6.adapters.data_dir.certificate_files import CertificateFiles
from g6.adapters.parquet import days
from g6.adapters.parquet.maintenance.whole_days import DayState, day_state
from g6.bootstrap.ownership import owned_directories, record_configuration
from g6.bootstrap.sample.sample_block import SampleBlock, SampleProgress, make_block
from g6.bootstrap.sample.sample_processes import made_by_processes
from g6.bootstrap.stored_files.directory_certificates import issue_certificates
from g6.bootstrap.stored_files.stored_index_rules import refuse_other_seed
from g6.config import Settings, calendar, config_id, load
from g6.domain.market.calendar import day_of
from g6.domain.market.instrument import INDICES
from g6.domain.schema import layout
from g6.domain.schema.layout import Kind
from g6.errors import BadConfig, BadInput, UserError

SIMULATED = "sim"
"""The provider of a sample, whatever is configured for a run."""
LEAST_INTERVAL = 15
"""Seconds. A day is in memory until it is written: 480 MB of a process, at 15 s as at 60 s."""
BLOCK_DAYS = 5
"""Most days of a block: its first costs one cycle of the day before, and a bar moves with each."""


@dataclass(frozen=True, slots=True)
class DayLot:
    """One day of one index.

    Attributes:
        index: The underlying.
        day: The session day.
        cycles: How many cycles its session has.
        obstacle: Why it is not made: it is there, or what is there is somebody else's. Empty for a
            day to make.
        is_there: Whether it is there as this sample would make it.
    """

    index: str
    day: date
    cycles: int
    obstacle: str = ""
    is_there: bool = False


@dataclass(frozen=True, slots=True)
class SamplePlan:
    """The days of a sample, by index and day."""

    lots: tuple[DayLot, ...]

    @property
    def waiting(self) -> tuple[DayLot, ...]:
        """The days to make."""
        return tuple(lot for lot in self.lots if not lot.obstacle)

    @property
    def there(self) -> tuple[DayLot, ...]:
        """The days that are there already."""
        return tuple(lot for lot in self.lots if lot.is_there)

    @property
    def obstructed(self) -> tuple[DayLot, ...]:
        """The days that are not made, because other rows stand in their place."""
        return tuple(lot for lot in self.lots if lot.obstacle and not lot.is_there)

    @property
    def cycles(self) -> int:
        """How many cycles are to be made."""
        return sum(lot.cycles for lot in self.waiting)


def sample_settings(
    *,
    indices: Sequence[str],
    interval: int | None = None,
    seed: int | None = None,
    directory: Path | None = None,
) -> Settings:
    """Return what is configured with the simulated market and these indices laid over it.

    Raises:
        BadConfig: One of the values cannot be.
    """
    overrides: dict[str, object] = {
        "provider.name": SIMULATED,
        "interval": interval,
        "market.seed": seed,
        "data_dir": directory,
        "demo_dir": directory,
    }
    for name in dict.fromkeys([*INDICES, *indices]):
        overrides[f"index_params.{name}.enabled"] = name in indices
    return load(None, overrides)


def last_sessions(settings: Settings, count: int, until: date | None = None) -> tuple[date, ...]:
    """Return the last days on which an exchange of the enabled indices trades.

    Args:
        settings: Those of the sample.
        count: How many.
        until: The last day at most. By default it is the day before `market.start`, so that a demo
            which starts there goes on where the sample ends.

    Raises:
        UncoveredYear: The calendar does not reach back so far.
    """
    until = until or date.fromordinal(day_of(settings.market.start).toordinal() - 1)
    exchanges = {INDICES[name].exchange for name in settings.indices}
    sessions = calendar()
    # The day after the last one, so that a search backwards begins with it.
    day = date.fromordinal(until.toordinal() + 1)
    latest: list[date] = []
    while len(latest) < count:
        day = max(sessions.previous_session(exchange, day).day for exchange in exchanges)
        latest.append(day)
    return tuple(sorted(latest))


def sample_plan(settings: Settings, sample: Sequence[date]) -> SamplePlan:
    """Return what is to be made of these days, and what is there already.

    Raises:
        BadConfig: The market is not the simulated one.
        UserError: The interval is too short for a day in memory, or no index is enabled.
    """
    if not settings.source.is_simulated:
        raise BadConfig(
            f"a sample is made of the simulated market, and provider.name is "
            f"{settings.provider.name}",
            f"set provider.name={SIMULATED}",
        )
    if settings.interval < LEAST_INTERVAL:
        raise UserError(
            f"interval {settings.interval}: a sample holds a day in memory, which is too much for "
            f"cycles of less than {LEAST_INTERVAL} seconds",
            f"--interval {LEAST_INTERVAL} or more; g6 run collects shorter ones",
        )
    lots: list[DayLot] = []
    for index in settings.indices:
        for day in sample:
            session = calendar().session(INDICES[index].exchange, day)
            if session is not None:
                cycles = len(session.cycles(settings.interval))
                lots.append(_lot(settings, DayLot(index, day, cycles)))
    return SamplePlan(tuple(lots))


def _lot(settings: Settings, lot: DayLot) -> DayLot:
    """Return a day with what stands in its way."""
    try:
        state = day_state(settings.directory, lot.index, lot.day)
    except BadInput as error:
        return DayLot(lot.index, lot.day, lot.cycles, f"damaged: {error.sentence}")
    is_ours = state.config_ids in ("", config_id(settings))
    if state.is_whole and is_ours and state.cycles == lot.cycles:
        return DayLot(lot.index, lot.day, lot.cycles, "is there already", is_there=True)
    obstacle = _obstacle(state, is_ours=is_ours)
    return DayLot(lot.index, lot.day, lot.cycles, obstacle)


def _obstacle(state: DayState, *, is_ours: bool) -> str:
    if not state.is_whole:
        return "has rows of a run that collected it in part"
    if not is_ours:
        return f"was made under another configuration ({state.config_ids})"
    # Chains without overviews are what an interrupted sample leaves: they are made once more.
    return f"has {state.cycles} cycles of something else" if state.cycles else ""


def write_sample(
    settings: Settings, plan: SamplePlan, *, processes: int | None = None
) -> Iterator[SampleProgress]:
    """Make the days that are not there, and write each as its session would have left it.

    Args:
        settings: Those of the plan.
        plan: What is to be made.
        processes: How many at once, as many as there are cores by default. One is this process.

    Yields:
        What became of a day, or of a part of it. A day counts once its statuses are there.

    Raises:
        Unavailable: The directory is owned by another system or holds rows of another market, or a
            process ended before its days were made.
        StoreBusy: A disk refuses a file.
    """
    # Asked here, so that a directory of live rows is refused before the first cycle.
    with owned_directories(settings, "g6 sample", of_kind=True):
        if plan.waiting:
            refuse_other_seed(settings, has_mix=False)
        record_configuration(settings)
        most = processes or len(os.sched_getaffinity(0))
        blocks = _blocks(settings, plan, most)
        if most == 1 or len(blocks) == 1:
            yield from chain.from_iterable(make_block(settings, block) for block in blocks)
        else:
            yield from made_by_processes(settings, blocks, min(most, len(blocks)))
        certified = set(CertificateFiles(settings.directory).days())
        # An index that is added to a certified day makes it another one.
        issue_certificates(settings, sorted(certified & {lot.day for lot in plan.waiting}))


def _blocks(settings: Settings, plan: SamplePlan, processes: int) -> list[SampleBlock]:
    """Return the days to make, cut into blocks of consecutive days."""
    size = BLOCK_DAYS
    if settings.scope == "window":
        # Strikes stay in a window once they were in it, so its last chain is known only when its
        # whole day is made: days follow one another.
        size = len(plan.lots)
    else:
        size = max(1, min(size, ceil(len(plan.waiting) / processes)))
    blocks: list[SampleBlock] = []
    for index in settings.indices:
        waiting = {lot.day for lot in plan.waiting if lot.index == index}
        stored = set(days.days(settings.directory / layout.folder(Kind.CHAIN, index))) - waiting
        run: list[date] = []
        before: date | None = None
        for day in sorted(waiting | stored):
            if run and (day in stored or len(run) == size):
                blocks.append(SampleBlock(index, tuple(run), before))
                before = run[-1]
                run = []
            if day in stored:
                before = None
            else:
                run.append(day)
        if run:
            blocks.append(SampleBlock(index, tuple(run), before))
    return blocks
