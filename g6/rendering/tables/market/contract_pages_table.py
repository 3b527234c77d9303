"""What a contract or an index is as lines: one a fact, one an expiry, or one a match."""

from __future__ import annotations

from collections.abc import Iterator

from g6.domain.reports.json_types import JsonObject
from g6.rendering.contract_words import size_words
from g6.rendering.parts import Block, NoView, Part
from g6.rendering.wording import LAKH, points
from g6.studies.market.contract_pages import ContractPage, IndexSeries, Instruments
from g6.studies.market.contract_rows import ContractFacts

JSON_INDENT = 2


def parts(document: Instruments, _: NoView) -> Iterator[Part]:
    """Yield the lines."""
    yield Block("\n".join(_lines(document)))


def json_value(document: Instruments) -> list[JsonObject]:
    """Return a list under the names that are published."""
    return document.document()


def _lines(document: Instruments) -> Iterator[str]:
    page = document.page
    if page is None:
        yield from map(_match, document.matches)
        return
    if isinstance(page, ContractPage):
        yield from map(_fact, *_columns(_in_words(page)))
        return
    facts = page.document()
    del facts["expiries"]
    yield from map(_fact, *_columns(facts))
    for series in page.expiries:
        yield _fact("expiry", _series(series))


def _columns(facts: JsonObject) -> tuple[list[str], list[object]]:
    return list(facts), list(facts.values())


def _fact(name: str, value: object) -> str:
    text = (", ".join(value) or "none") if isinstance(value, list) else value
    return f"{name:<12}{'-' if text is None else text}"


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
        facts["notional"] = f"{notional / LAKH:.2f} lakh a lot, at the index"
    facts["freeze"] = freeze
    return facts


def _series(line: IndexSeries) -> str:
    series = line.series
    sizes = "; ".join(map(size_words, line.sizes))
    return (
        f"{line.expiry}  {sizes}  {len(line.strikes)} strikes "
        f"{points(series.lowest)} to {points(series.highest)}, step {series.step:g}"
    )
