"""The table of lots as lines, or what files say beside it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict

from g6.rendering.parts import Block, NoView, Part
from g6.studies.market.lot_units import Lots, LotVerdict, StatedLot, UnreadRows

JSON_INDENT = 2


def parts(document: Lots, _: NoView) -> Iterator[Part]:
    """Yield a line per row of the table, or per root and expiry of a file."""
    lines = [*map(_stated, document.table), *map(_line, document.lines)]
    yield Block("\n".join(lines))


def json_value(document: Lots) -> list[object]:
    """Return a list under the names that are published."""
    return [
        *(asdict(lot) for lot in document.table),
        *(line.document() for line in document.lines),
    ]


def _stated(lot: StatedLot) -> str:
    since = (
        f"weekly from {lot.first_weekly}, monthly from {lot.first_monthly}, "
        f"long-dated on {lot.long_dated_from}"
    )
    return f"{lot.root:<11}{lot.units:>4}  {since}  {lot.source}"


def _line(line: LotVerdict | UnreadRows) -> str:
    if isinstance(line, UnreadRows):
        return f"{line.file}: {line.rows} rows left out: {line.why}"
    of_file = line.lots
    lot = "/".join(map(str, sorted(of_file.lots)))
    evidence = lot or f"open interest in multiples of {of_file.divisor}"
    sentence = (
        f"{of_file.day}  {of_file.root:<11}{of_file.expiry}  {of_file.contracts:>4} contracts  "
        f"file {evidence}  table {line.units or '-'}  {line.verdict}"
    )
    return f"{sentence}: {line.why}" if line.why else sentence
