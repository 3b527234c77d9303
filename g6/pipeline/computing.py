"""The functions by which stages compute: from a unit's quotes to its row, from rows to panels."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass

from g6.domain.cycles.cycle import Unit
from g6.domain.cycles.memory_pressure import PressureLevel
from g6.domain.documents import panels
from g6.domain.documents.chain_rows import chain_frame
from g6.domain.figures import option_samples, overview, unit_facts
from g6.domain.pricing.assembly import assemble
from g6.domain.pricing.priced_chain import PricedChain
from g6.domain.quotes import stamp
from g6.domain.quotes.quotes import Quotes
from g6.domain.quotes.stamp import Stamp, settings_of
from g6.domain.reports import AnalysisFacts, CollectCounts, OptionDetail, Switches
from g6.domain.reports.option_detail import DetailRules
from g6.domain.schema.frame import Frame, FrameName
from g6.domain.schema.json_types import JsonObject
from g6.domain.schema.overview_row import OverviewRow
from g6.errors import FrameMissing
from g6.pipeline.gathering import gather
from g6.pipeline.runtime import Runtime, Watch

__all__ = ["COMPUTING", "Computing", "Gather", "first_frame", "row_chain"]

Gather = Callable[[Runtime, Unit, Switches, Watch], tuple[Frame, CollectCounts]]


@dataclass(frozen=True, slots=True)
class Computing:
    """The functions that the stages of a unit and the close of its cycle call.

    The simulator of schedules and the benchmark of an empty cycle give cheap ones.

    Attributes:
        gather: Makes frame `quotes` and the counts of stage `collect`.
        read: Reads quotes and stamp of frame `quotes`.
        price: Prices them.
        summarise: Makes the overview row.
        facts: Makes the facts of the report of stage `analyse`.
        chain: Makes frame `chain`.
        detail: Chooses the options that have metric series of their own.
        panels: Makes the panels of a finished cycle.
    """

    gather: Gather = gather
    read: Callable[[Frame], tuple[Quotes, Stamp]] = stamp.from_frame
    price: Callable[[Quotes, Stamp], PricedChain] = assemble
    summarise: Callable[[PricedChain], OverviewRow] = overview.summarise
    facts: Callable[[PricedChain], AnalysisFacts] = unit_facts.facts
    chain: Callable[[PricedChain], Frame] = chain_frame
    detail: Callable[[PricedChain, DetailRules, PressureLevel], OptionDetail] = (
        option_samples.option_detail
    )
    panels: Callable[..., Mapping[str, JsonObject]] = panels.build


COMPUTING = Computing()


def first_frame(runtime: Runtime, unit: Unit, name: FrameName, at_hand: Frame | None) -> Frame:
    """Return the frame that a stage begins with, which its claim may have had at hand."""
    return runtime.frames.get(unit, name) if at_hand is None else at_hand


def row_chain(
    runtime: Runtime,
    unit: Unit,
    config_id: str,
    computing: Computing,
    at_hand: Frame | None = None,
) -> Frame:
    """Return frame `chain`, made again from `quotes` where it was evicted or is of other settings.

    An analysis that stood still while its unit was rerun puts its older chain over the rerun's, and
    a rerun that failed leaves quotes that are stamped with its settings.

    Args:
        config_id: The settings of the unit's row.

    Raises:
        FrameMissing: Neither frame is there and of these settings.
    """
    with suppress(FrameMissing):
        frame = first_frame(runtime, unit, FrameName.CHAIN, at_hand)
        if settings_of(frame) == config_id:
            return frame
    quotes = runtime.frames.get(unit, FrameName.QUOTES)
    if settings_of(quotes) != config_id:
        raise FrameMissing(
            f"the frames of {unit.index} at {unit.cycle} are of other settings than its row"
        )
    return computing.chain(computing.price(*computing.read(quotes)))
