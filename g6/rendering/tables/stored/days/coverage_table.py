"""Coverage by day on a terminal, as aligned lines."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from g6.rendering.parts import Block, NoView, Part
from g6.studies.stored.days.coverage_by_day import Coverage, DayCoverage

HEADS = {"no_row": "not collected", "no_chain": "no chain"}
"""Headings of two lines, by the published names."""
LEFT_COLUMNS = 2
"""Columns that are aligned to the left: index and day."""


def parts(document: Coverage, _: NoView) -> Iterator[Part]:
    """Yield a header and a line per index and day."""
    lines = [_line(day) | {"day": f"{day.day:%d %b %Y}"} for day in document.days]
    heads = [HEADS.get(name, name).rpartition(" ") for name in lines[0]]
    rows = [[above for above, _, _ in heads], [name for _, _, name in heads]]
    rows += [list(map(str, line.values())) for line in lines]
    yield Block("\n".join(_aligned(rows)))
    yield (
        "due: cycles of the session; not collected: due, and no row is there; repaired: filled "
        "from candles later; no chain: the row is stored, its chain is not"
    )


def json_value(document: Coverage) -> object:
    """Return a list of the days, under the names that are published."""
    return [_line(day) for day in document.days]


def _line(day: DayCoverage) -> dict[str, object]:
    counts = day.counts
    return {
        "index": day.index,
        "day": day.day.isoformat(),
        "due": counts.due,
        "OK": counts.ok,
        "PARTIAL": counts.partial,
        "MISSING": counts.missing,
        "SKIPPED": counts.skipped,
        "no_row": counts.no_row,
        "repaired": counts.repaired,
        "no_chain": counts.no_chain,
    }


def _aligned(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Yield rows in columns of one width each."""
    # rich's table takes 1.7 s of processor time for the 1,488 lines of a year.
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    signs = ["<" if place < LEFT_COLUMNS else ">" for place in range(len(widths))]
    form = " ".join(f"{{:{sign}{width}}}" for sign, width in zip(signs, widths, strict=True))
    for row in rows:
        yield form.format(*row).rstrip()
