"""The listed expiries of each index, and the rules that they answer."""

from __future__ import annotations

from collections.abc import Iterator

from rich.table import Table

from g6.rendering.parts import Line, NoView, Part, plain_table
from g6.rendering.wording import counts_in_words, day_words, moment, points
from g6.studies.market.expiry_answers import ExpiryAnswers
from g6.studies.market.rule_answers import ListedSeries, RuleAnswers

JSON_INDENT = 2


def parts(document: ExpiryAnswers, _: NoView) -> Iterator[Part]:
    """Yield the listing of each index, a table of its rules, and why each has its expiry."""
    for index in document.indices:
        yield from _index_parts(index.answers, index.origin)
    for name, why in document.unknown.items():
        yield Line(f"{name}  not known: {why}")
    if document.downloads:
        counts = ", ".join(f"{count} {place}" for place, count in document.downloads.items())
        yield Line(f"downloaded again: {counts}")


def json_value(document: ExpiryAnswers) -> dict[str, object]:
    """Return the indices under the names that are published."""
    indices = [index.answers.document() | {"from": index.origin} for index in document.indices]
    unknown = {"unknown": document.unknown} if document.unknown else {}
    return {"downloads": document.downloads, "indices": indices, **unknown}


def _index_parts(answers: RuleAnswers, origin: str) -> Iterator[Part]:
    source = f", from {origin}" if origin else ""
    yield Line(
        f"{answers.index}  {len(answers.expiries)} expiries listed on {day_words(answers.on)}"
        f"{source}\n  as of {moment(answers.at)}"
    )
    yield _rules_table(answers)
    reasons: dict[str, list[str]] = {}
    for rule, answer in answers.rules.items():
        reasons.setdefault(answer.why, []).append(rule)
    if reasons:
        yield "; ".join(f"{', '.join(rules)}: {why}" for why, rules in reasons.items())
    odd = {rule: answer.series.one_sided for rule, answer in answers.rules.items()}
    if any(odd.values()):
        yield f"strikes of one side alone: {counts_in_words(odd)}"
    for reason, count in answers.left_out.items():
        yield Line(f"  left out: {count} ({reason.replace('_', ' ')})")
    if answers.salvaged:
        yield Line(f"  salvaged: {answers.salvaged}")


def _rules_table(answers: RuleAnswers) -> Table:
    """Return a line for each rule: its expiry, and which strikes and contracts that has."""
    table = plain_table()
    for name in ("rule", "expiry"):
        table.add_column(name, no_wrap=True)
    for name in ("days", "strikes", "lowest", "highest", "step", "lot", "tick"):
        table.add_column(name, justify="right", no_wrap=True)
    for rule, answer in answers.rules.items():
        table.add_row(rule, day_words(answer.expiry), str(answer.dte), *_cells(answer.series))
    for rule in answers.not_listed:
        table.add_row(rule, "not listed")
    return table


def _cells(series: ListedSeries) -> tuple[str, ...]:
    return (
        str(series.strikes),
        points(series.lowest),
        points(series.highest),
        f"{series.step:g}",
        "/".join(map(str, series.lot_size)),
        f"{series.tick_size:g}",
    )
