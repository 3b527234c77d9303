"""Which listed expiry answers each rule of each index, its strikes, lot and tick, and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated

from g6.domain.market.contract_symbols import trusted
from g6.errors import G6Error
from g6.ports.readers import ListingReader
from g6.studies.market.rule_answers import RuleAnswers, rule_answers
from g6.studies.parameters import FromDumps, ListedAt, Parameter
from g6.studies.selection import known_index

__all__ = ["ExpiryAnswers", "ExpiryParameters", "IndexExpiries", "answer"]

COLUMNS = ("index", "rule", "expiry", "dte", "why", "strikes", "step", "lots", "tick")


@dataclass(frozen=True, slots=True)
class ExpiryParameters:
    """Asks which listed expiries answer the rules of one index, or of every enabled one."""

    index: Annotated[
        str | None,
        Parameter(
            "Only this index; else every enabled one.",
            "NIFTY",
            metavar="[INDEX]",
            read=known_index,
            is_positional=True,
        ),
    ] = None
    at: ListedAt = None
    from_dumps: FromDumps = False
    refresh: Annotated[
        bool,
        Parameter(
            "Download the day's instrument dumps again, for all workers.", option="--refresh"
        ),
    ] = False


@dataclass(frozen=True, slots=True)
class IndexExpiries:
    """The expiries of one index.

    Attributes:
        answers: What is listed, and which rules it answers.
        origin: Where the listing came from: a provider, or a dump of a past day.
    """

    answers: RuleAnswers
    origin: str


@dataclass(frozen=True, slots=True)
class ExpiryAnswers:
    """The expiries of each index that was asked about.

    Attributes:
        indices: The indices whose listing is known.
        unknown: Why nobody knows the listings of the others, by index.
        downloads: How many dumps were downloaded again, by place.
    """

    indices: tuple[IndexExpiries, ...]
    unknown: Mapping[str, str] = field(default_factory=dict)
    downloads: Mapping[str, int] = field(default_factory=dict)

    @property
    def passes(self) -> bool:
        """Whether every index was answered."""
        return not self.unknown

    def columns(self) -> Mapping[str, list[object]]:
        """Return one line per index and rule that is answered."""
        lines: list[tuple[object, ...]] = []
        for index in self.indices:
            for rule, of_rule in index.answers.rules.items():
                series = of_rule.series
                lots = "/".join(map(str, series.lot_size))
                sizes = (series.strikes, series.step, lots, series.tick_size)
                head = (index.answers.index, rule, of_rule.expiry, of_rule.dte, of_rule.why)
                lines.append((*head, *sizes))
        return {name: [line[place] for line in lines] for place, name in enumerate(COLUMNS)}


def answer(reader: ListingReader, parameters: ExpiryParameters) -> ExpiryAnswers:
    """Return the listed expiries, and the rules that they answer.

    Raises:
        UserError: There is no such index.
        BadConfig: The provider has no dumps to download.
        G6Error: Nobody knows what is listed of any of the indices.
    """
    listings = reader.of_dumps() if parameters.from_dumps else reader
    source = listings.configured_at(parameters.at)
    plan = source.plan
    names = [parameters.index] if parameters.index else list(plan.indices)
    downloads = source.refresh(frozenset(names)) if parameters.refresh else {}
    at = parameters.at or source.now
    indices: list[IndexExpiries] = []
    errors: dict[str, G6Error] = {}
    for name in names:
        # One index that nobody knows must not hide what is known of the others.
        try:
            listing = source.listing(name, at)
        except G6Error as error:
            errors[name] = error
            continue
        believed = trusted(listing, plan.salvage)
        answers = rule_answers(believed, source.index_plan(name), source.calendar, at)
        indices.append(IndexExpiries(answers, source.origin(name)))
    if errors and not indices:
        raise next(iter(errors.values()))
    unknown = {name: error.sentence for name, error in errors.items()}
    return ExpiryAnswers(tuple(indices), unknown, downloads)
