"""Unusual options on a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from rich.table import Table

from g6.domain.cycles.cycle import parse_z
from g6.domain.market.calendar import day_of
from g6.rendering.parts import Line, NoView, Part, plain_table
from g6.rendering.wording import clock, day_words, in_india, lakh, number, points
from g6.studies.stored.scan import Scan, UnusualOption

KINDS: Mapping[str, tuple[str, str]] = {
    "oi": ("OI", "lakh"),
    "volume": ("volume", "lakh"),
    "iv": ("IV", "vol points"),
}
"""What moved, and the unit of its step."""


def parts(document: Scan, _: NoView) -> Iterator[Part]:
    """Yield what is looked at, the unusual options, and the strikes that are new."""
    since = clock(parse_z(document.since), day_of(parse_z(document.cycle)))
    yield Line(
        f"{document.index} {day_words(document.expiry)} · {in_india(document.cycle)} · "
        f"{document.steps} steps since {since}"
    )
    if document.findings:
        yield _table(document)
        yield Line("z: the last step in standard deviations of the steps before it")
    else:
        yield Line(
            "nothing unusual: no option moved unlike before\n"
            f"  fix: g6 scan {document.index} --least 2 counts smaller steps too"
        )
    yield Line(f"new strikes: {', '.join(map(points, document.new_strikes)) or 'none'}")


def _table(document: Scan) -> Table:
    table = plain_table()
    for name in ("what", "option"):
        table.add_column(name, no_wrap=True)
    for name in ("z", "step"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("unit", no_wrap=True)
    for option in document.findings:
        kind, unit = KINDS[option.kind]
        name = f"{points(option.strike)} {option.side}"
        table.add_row(kind, name, number(option.z, 1, sign=True), _step(option), unit)
    return table


def _step(option: UnusualOption) -> str:
    if option.kind == "iv":
        return number(option.step, 2, sign=True)
    return lakh(option.step, sign=True)
