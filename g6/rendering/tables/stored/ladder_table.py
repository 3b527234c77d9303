"""The strikes near the money on a terminal of 80 columns, calls left and puts right."""

from __future__ import annotations

from collections.abc import Iterator

from rich.table import Table

from g6.domain.market.instrument import CE, PE
from g6.rendering.parts import NoView, Part, plain_table
from g6.rendering.wording import day_words, in_india, lakh, number, spelled, strike_cell
from g6.studies.stored.overview.ladder import Ladder

CSV_HELP = "Write CSV, every column in it."


def parts(document: Ladder, _: NoView) -> Iterator[Part]:
    """Yield what it is of, and a table with one line per strike."""
    against = f" · build-up against {document.against}" if document.against else ""
    yield f"{document.index} · {in_india(document.cycle)} · {day_words(document.expiry)}{against}"
    yield _table(document)
    yield "open interest and its change since the previous session in lakh units"


def _table(document: Ladder) -> Table:
    table = plain_table(1)
    table.add_column("build-up", no_wrap=True)
    for name in ("change", "OI", "last", "strike", "last", "OI", "change"):
        justify = "center" if name == "strike" else "right"
        table.add_column(name, justify=justify, no_wrap=True)  # type: ignore[arg-type]
    table.add_column("build-up", no_wrap=True)
    for place, strike in enumerate(document.strike.tolist()):
        calls = _cells(document, CE, place)
        puts = _cells(document, PE, place)
        centre = strike_cell(strike, is_centre=document.offset[place] == 0)
        table.add_row(*calls, centre, *reversed(puts))
    return table


def _cells(document: Ladder, side: int, place: int) -> list[str]:
    """Return the cells of one option, the outermost first."""
    sides = document.sides
    return [
        spelled(str(document.build_up[side, place])),
        lakh(float(sides["oi_change"][side, place]), 1, sign=True),
        lakh(float(sides["oi"][side, place]), 1),
        number(float(sides["last"][side, place])),
    ]
