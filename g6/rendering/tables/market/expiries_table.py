"""The listed expiries of each index, and the rules that they answer, as lines."""

from __future__ import annotations

from collections.abc import Iterator

from g6.rendering.parts import Block, NoView, Part
from g6.rendering.wording import day_words, moment, points
from g6.studies.market.expiry_answers import ExpiryAnswers
from g6.studies.market.rule_answers import ListedSeries, RuleAnswers

JSON_INDENT = 2


def parts(document: ExpiryAnswers, _: NoView) -> Iterator[Part]:
    """Yield the lines of every index."""
    lines: list[str] = []
    for index in document.indices:
        lines += _lines(index.answers, index.origin)
    lines += [f"{index}  not known: {why}" for index, why in document.unknown.items()]
    if document.downloads:
        counts = ", ".join(f"{count} {place}" for place, count in document.downloads.items())
        lines.append(f"downloaded again: {counts}")
    yield Block("\n".join(lines))


def json_value(document: ExpiryAnswers) -> dict[str, object]:
    """Return the indices under the names that are published."""
    indices = [index.answers.document() | {"from": index.origin} for index in document.indices]
    unknown = {"unknown": document.unknown} if document.unknown else {}
    return {"downloads": document.downloads, "indices": indices, **unknown}


def _lines(answers: RuleAnswers, origin: str) -> Iterator[str]:
    """Yield a line of the listing, one for each rule, and one for each kind of odd contract."""
    head = (
        f"{answers.index}  {len(answers.expiries)} expiries listed on {day_words(answers.on)}, "
        f"asked at {moment(answers.at)}"
    )
    yield f"{head}, from {origin}" if origin else head
    for rule, answer in answers.rules.items():
        day = f"{day_words(answer.expiry)}  {answer.dte:>3} d"
        yield f"  {rule:<12}{day}  {_series(answer.series)}  {answer.why}"
    for rule in answers.not_listed:
        yield f"  {rule:<12}not listed"
    for reason, count in answers.left_out.items():
        yield f"  left out: {count} ({reason.replace('_', ' ')})"
    if answers.salvaged:
        yield f"  salvaged: {answers.salvaged}"


def _series(series: ListedSeries) -> str:
    one_sided = f", {series.one_sided} one-sided" if series.one_sided else ""
    lots = "/".join(map(str, series.lot_size))
    return (
        f"{series.strikes} strikes {points(series.lowest)} to {points(series.highest)}, "
        f"step {series.step:g}{one_sided}, lot {lots}, tick {series.tick_size:g}"
    )
