"""Open interest by cycle on a terminal of 80 columns."""

from __future__ import annotations

from collections.abc import Iterator

from rich.table import Table

from g6.domain.market.calendar import IST, day_of
from g6.rendering.parts import NoView, Part, plain_table
from g6.rendering.wording import LAKH, number
from g6.studies.parameters import written
from g6.studies.stored.interest_by_cycle import InterestByCycle

CSV_HELP = "Write CSV."


def parts(document: InterestByCycle, _: NoView) -> Iterator[Part]:
    """Yield what it is of, and a table with one line per cycle."""
    strikes = "all strikes" if document.strikes is None else f"strikes {written(document.strikes)}"
    yield f"{document.index}  {strikes}; open interest in lakh units"
    yield _table(document)


def _table(document: InterestByCycle) -> Table:
    table = plain_table()
    for name in ("time", "expiry"):
        table.add_column(name, no_wrap=True)
    for name in ("strikes", "PCR", "PCR volume", "max pain", "OI calls", "OI puts"):
        table.add_column(name, justify="right", no_wrap=True)
    days = {day_of(cycle.instant) for cycle in document.cycles}
    clock = "%d %b %H:%M:%S" if len(days) > 1 else "%H:%M:%S"
    for cycle in document.cycles:
        table.add_row(
            f"{cycle.instant.astimezone(IST):{clock}}",
            f"{cycle.expiry:%d %b}",
            str(cycle.strikes),
            number(cycle.pcr, 3),
            number(cycle.pcr_volume, 3),
            number(cycle.max_pain, 0),
            number(cycle.oi_calls / LAKH, 1),
            number(cycle.oi_puts / LAKH, 1),
        )
    return table
