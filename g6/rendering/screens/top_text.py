"""The views of `g6 top` that are text: a study's answer, which can be scrolled, and the help."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence

from rich.console import Console
from rich.segment import Segment
from rich.text import Text

from g6.domain.documents.board_facts import BoardFacts
from g6.domain.reports import CycleReport
from g6.rendering.parts import Part, print_parts
from g6.rendering.screens.cells import PLAIN, CellScreen, StyledText
from g6.rendering.screens.top_head import HEAD_LINES, TopView, put_foot, put_head

__all__ = ["HELP", "text_lines", "text_screen"]

KEYS = "↑↓ PgUp PgDn scroll  ← → stored cycles  Esc back  : study  ? help  q quit"
_FOOT_LINES = 2
_COLOURS = {"red": "r", "green": "g", "yellow": "y", "magenta": "m", "cyan": "c"}
HELP = """\
↑ ↓ or k j        choose an index; scroll a study
Enter             the chain around ATM of the chosen index; a tall terminal
                  has it below all indices
Esc               back
← → or h l        the stored cycle before, the one after; End: now
:                 go to a study: :analyze, :buildup NIFTY,
                  :interest NIFTY --cycles 20
/                 only indices with these letters; / and Enter alone shows all
?                 this page
q                 quit

Nothing is changed from here: g6 control pauses, g6 rerun does cycles again.

spot, chg %, ATM, PCR, IV %, straddle, max pain are of the nearest expiry.
age s     market seconds since the newest instant of an index's own data
build-up  what its future and that one's OI did in the last 3 minutes or more
sparklines have the last 60 cycles, the newest at the right
success   units that ended OK, of the cycles of the sparklines
STALE     nothing newer came for two intervals in session: do not trade on it
STORED    a cycle of the past, as it was stored
"""


def text_lines(parts: Iterable[Part], width: int) -> list[list[StyledText]]:
    """Return what parts say as lines of so many columns, each a list of texts with their style."""
    buffer = io.StringIO()
    console = Console(
        file=buffer, width=width, force_terminal=True, color_system="standard", highlight=False
    )
    print_parts(console, parts)
    lines: list[list[StyledText]] = []
    for line in Text.from_ansi(buffer.getvalue().rstrip()).split("\n", allow_blank=True):
        # A line that people copy whole is not broken by its part: here it would be cut.
        pieces = line.wrap(console, width)
        lines += [[*map(_span, piece.render(console))] for piece in pieces]
    return lines


def _span(segment: Segment) -> StyledText:
    style = segment.style
    if style is None:
        return segment.text, PLAIN
    colour = style.color.name if style.color is not None else ""
    if colour in _COLOURS:
        return segment.text, _COLOURS[colour]
    if style.bold:
        return segment.text, "b"
    return segment.text, "d" if style.dim else PLAIN


def text_screen(
    facts: BoardFacts,
    history: Sequence[CycleReport],
    lines: Sequence[Sequence[StyledText]],
    scroll: int,
    view: TopView,
    size: tuple[int, int],
) -> CellScreen:
    """Return the screen of some lines from the `scroll`-th on."""
    screen = CellScreen(*size)
    put_head(screen, facts, history, view)
    room = max(1, screen.height - HEAD_LINES - _FOOT_LINES)
    for place, line in enumerate(lines[scroll : scroll + room]):
        screen.put(HEAD_LINES + place, line)
    put_foot(screen, view, KEYS)
    return screen
