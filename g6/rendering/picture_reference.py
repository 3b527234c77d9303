"""The reference page of all pictures, from their table, parameters and views."""

from __future__ import annotations

from g6.rendering.pictures.kinds import KINDS, PictureKind
from g6.rendering.pictures.view import PictureView, StrikeView
from g6.rendering.reference import parameter_table
from g6.studies.parameters import fields_of

__all__ = ["pictures_page"]

_INTRODUCTION = """# Pictures

A picture is drawn from the answer of a [study](studies.md), and from nothing else. The command
line, Python and a loaded data frame draw the same ones, with the study's parameters and those of
the view:

```text
g6 plot smile NIFTY --out smile.png
g6 plot oi NIFTY --strikes 21 --theme dark --out oi.svg
g6 plot heatmap NIFTY --of iv --html
g6 plot straddle NIFTY --size phone --out straddle.png
g6 plot smile NIFTY --out smile.json
```

```python
import g6

figure = g6.plot.smile("NIFTY", expiry="this_week")  # a matplotlib figure; a notebook shows it
figure.savefig("smile.png")
chain = g6.load("NIFTY", "2026-11-20")
chain.g6.plot_oi(strikes=21)  # of the newest cycle in the frame
```

`.png` and `.svg` are drawn by matplotlib (`pip install 'g6[plot]'`). `.html`, or `--html`, is a
page that zooms and answers the pointer: its script is inside the file, and its policy lets it load
nothing from anywhere. `.json` holds the numbers. A picture in which every value would be missing
is not written: the command says so and exits 3.

Titles name index, expiry and instant in India's time. Calls are blue and puts orange, levels
differ in their dashes as well, and both themes can be told apart without red and green.
"""


def pictures_page() -> str:
    """Return the page as Markdown."""
    views = [
        "## The view",
        "Of every picture:",
        parameter_table(fields_of(PictureView)),
        "Of pictures over strikes as well:",
        parameter_table(fields_of(StrikeView)[len(fields_of(PictureView)) :]),
    ]
    return "\n\n".join([_INTRODUCTION.rstrip(), *map(_section, KINDS), *views]) + "\n"


def _section(kind: PictureKind) -> str:
    calls = f"`g6 plot {kind.name}`, `g6.plot.{kind.name}` and `frame.g6.plot_{kind.name}`"
    strikes = ", over strikes around ATM" if kind.is_over_strikes else ""
    example = kind.example or kind.study.example
    defaults = [f"`{name}` is {value}" for name, value in kind.defaults.items()]
    paragraphs = [
        f"## {kind.name}",
        kind.help,
        f"{calls}{strikes}. Example: `{example}`",
        f"In a picture {', '.join(defaults)} unless it is named." if defaults else "",
        f"Parameters and numbers: [{kind.study.name}](studies.md#{kind.study.name}).",
    ]
    return "\n\n".join(filter(None, paragraphs))
