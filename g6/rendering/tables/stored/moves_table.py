"""Expected moves and how they held on a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from rich.table import Table

from g6.rendering.parts import Line, NoView, Part, plain_table
from g6.rendering.wording import day_words, in_india, number, percent
from g6.studies.stored.moves import ExpectedMoves

LABELS: Mapping[str, str] = {
    "session_sd": "one session, 1σ",
    "expiry_sd": "to the expiry, 1σ",
    "expiry_straddle": "to the expiry, straddle",
}


def parts(document: ExpectedMoves, _: NoView) -> Iterator[Part]:
    """Yield what it is of, and a table with one line per band."""
    expiry = day_words(document.expiry)
    yield Line(f"{document.index} · {in_india(document.cycle)} · nearest expiry {expiry}")
    yield _table(document)
    yield Line("held: the share of stored days before on which the index stayed within the band")


def json_value(document: ExpectedMoves) -> dict[str, object]:
    """Return the published JSON, which does not name the expiry."""
    # Programs read these keys since they were published: a new one would change every line.
    return {
        "index": document.index,
        "cycle": document.cycle,
        "bands": document.bands,
        "coverage": document.coverage,
    }


def _table(document: ExpectedMoves) -> Table:
    table = plain_table()
    table.add_column("band", no_wrap=True)
    for name in ("±\npoints", "from", "to", "should hold\n%", "held\n%", "of\ndays"):
        table.add_column(name, justify="right", no_wrap=True)
    for band, coverage in zip(document.bands, document.coverage, strict=True):
        table.add_row(
            LABELS[band.name],
            number(band.move, 1),
            number(band.low, 1),
            number(band.high, 1),
            percent(coverage.expected),
            percent(coverage.share),
            str(coverage.known),
        )
    return table
