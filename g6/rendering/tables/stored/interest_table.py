"""Open interest by cycle on a terminal of 80 columns."""

from __future__ import annotations

from collections.abc import Iterator

from rich.table import Table

from g6.rendering.parts import NoView, Part, plain_table
from g6.rendering.wording import clocks, lakh, moment, number, points
from g6.studies.stored.interest_by_cycle import InterestByCycle

CSV_HELP = "Write CSV."


def parts(document: InterestByCycle, _: NoView) -> Iterator[Part]:
    """Yield what it is of, and a table with one line per cycle."""
    strikes = (
        "all strikes"
        if document.strikes is None
        else "strikes " + " ".join(map(points, document.strikes))
    )
    last = moment(document.cycles[-1].instant)
    yield f"{document.index} · {last} · {strikes}"
    yield _table(document)


def _table(document: InterestByCycle) -> Table:
    table = plain_table()
    for name in ("\ntime", "\nexpiry"):
        table.add_column(name, no_wrap=True)
    for name in (
        "\nstrikes",
        "PCR\nby OI",
        "PCR\nby volume",
        "max pain\npoints",
        "OI calls\nlakh",
        "OI puts\nlakh",
    ):
        table.add_column(name, justify="right", no_wrap=True)
    times = clocks(cycle.instant for cycle in document.cycles)
    for time, cycle in zip(times, document.cycles, strict=True):
        table.add_row(
            time,
            f"{cycle.expiry:%d %b}",
            str(cycle.strikes),
            number(cycle.pcr, 3),
            number(cycle.pcr_volume, 3),
            number(cycle.max_pain, 0),
            lakh(cycle.oi_calls, 1),
            lakh(cycle.oi_puts, 1),
        )
    return table
