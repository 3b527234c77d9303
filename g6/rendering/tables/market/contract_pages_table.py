"""What a contract or an index is: one line a fact, one an expiry, or one a match."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import date

from rich.table import Table

from g6.domain.schema.json_types import JsonObject
from g6.rendering.contract_words import size_words
from g6.rendering.parts import Block, Line, NoView, Part, plain_table
from g6.rendering.wording import LAKH, day_words, points, spelled
from g6.studies.market.contract_pages import ContractPage, IndexSeries, Instruments
from g6.studies.market.contract_rows import ContractFacts

JSON_INDENT = 2
_DAY = re.compile(r"\d{4}-\d\d-\d\d")


def parts(document: Instruments, _: NoView) -> Iterator[Part]:
    """Yield a line for each fact or match, and a table of an index's expiries."""
    page = document.page
    if page is None:
        yield Block("\n".join(map(_match, document.matches)))
    elif isinstance(page, ContractPage):
        yield Block("\n".join(_facts(_in_words(page))))
    else:
        facts = page.document()
        del facts["expiries"]
        yield Block("\n".join(_facts(facts)))
        yield expiries_table(page.expiries)
        yield Line("lot: units of the index in a contract, and what they are worth at the index")


def json_value(document: Instruments) -> list[JsonObject]:
    """Return a list under the names that are published."""
    return document.document()


def expiries_table(expiries: Sequence[IndexSeries]) -> Table:
    """Return one line per listed expiry: its lot, and its strikes in short."""
    table = plain_table()
    table.add_column("expiry", no_wrap=True)
    table.add_column("contract")
    for name in ("strikes", "lowest", "highest", "step"):
        table.add_column(name, justify="right", no_wrap=True)
    for line in expiries:
        series = line.series
        table.add_row(
            day_words(line.expiry),
            "; ".join(map(size_words, line.sizes)),
            str(len(line.strikes)),
            points(series.lowest),
            points(series.highest),
            f"{series.step:g}",
        )
    return table


def _facts(facts: JsonObject) -> Iterator[str]:
    for name, value in facts.items():
        yield f"{spelled(name):<12}{_shown(value)}"


def _shown(value: object) -> str:
    """Return a fact as a person reads it."""
    match value:
        case None:
            return "–"
        case bool():
            return "yes" if value else "no"
        case float():
            return points(value)
        case str() if _DAY.fullmatch(value):
            return day_words(date.fromisoformat(value))
        case list():
            return ", ".join(map(_shown, value)) or "none"
    return str(value)


def _match(row: ContractFacts) -> str:
    strike = "" if row.strike is None else points(row.strike)
    return (
        f"{row.key:<32}{row.token:>10}  {row.expiry}  {strike:>8} {row.kind:<4}lot {row.lot_size}"
    )


def _in_words(page: ContractPage) -> JsonObject:
    """Return a contract's facts with its notional in lakh and its freeze quantity in lots."""
    facts = page.document()
    notional = page.size["notional"]
    units = facts.pop("freeze_quantity")
    freeze = facts.pop("freeze_from")
    if isinstance(units, int):
        lot = page.size["lot_size"]
        lots = f" = {units // lot} lots" if lot else ""
        freeze = f"{units:,} units{lots} (file of {freeze})"
    if notional is not None:
        facts["notional"] = f"₹{notional / LAKH:.2f} lakh a lot, at the index"
    facts["freeze"] = freeze
    return facts
