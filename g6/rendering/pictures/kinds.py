"""Every kind of picture: one record from which command, Python call, accessor and page follow.

Nothing here imports a study or matplotlib: `g6 --help` and `import g6` read this table.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import TYPE_CHECKING

from g6.studies.table import Study, by_name

if TYPE_CHECKING:
    from g6.rendering.pictures.picture import Picture
    from g6.rendering.pictures.view import PictureView

__all__ = ["KINDS", "PictureKind", "kind_of"]


@dataclass(frozen=True, slots=True)
class PictureKind:
    """One kind of picture.

    Attributes:
        name: `g6 plot NAME`, `g6.plot.NAME`, and the accessor's `plot_NAME`: a study of that name.
        describer: Module below `g6.rendering.pictures` and function that describe its document.
        is_over_strikes: Whether strikes around ATM are chosen for it.
        fix: What to ask for where a picture would be empty.
        sentence: What it shows, where that is not the study's own sentence.
        example: One call of the command, where it is not the study's own.
        defaults: Defaults of parameters that a picture has otherwise than the study.
    """

    name: str
    describer: str
    is_over_strikes: bool
    fix: str
    sentence: str = ""
    example: str = ""
    defaults: Mapping[str, object] = field(default_factory=dict)

    @property
    def study(self) -> Study:
        """Return the study whose document is drawn."""
        return by_name(self.name)

    @property
    def help(self) -> str:
        """Return the sentence that says what it shows, and what else there is to know."""
        sentence = self.sentence or self.study.sentence
        return "\n\n".join(filter(None, (sentence, self.study.details)))

    @property
    def view(self) -> type[PictureView]:
        """Return the dataclass of how it may be drawn."""
        from g6.rendering.pictures.view import PictureView, StrikeView

        return StrikeView if self.is_over_strikes else PictureView

    def describe(self, document: object, view: PictureView) -> Picture:
        """Return what the picture of a document shows.

        Raises:
            NothingToDo: There is no number to draw.
        """
        from g6.rendering.pictures.picture import check_numbers

        module, function = self.describer.split(".")
        describer: Callable[[object, PictureView], Picture] = getattr(
            import_module(f"g6.rendering.pictures.{module}"), function
        )
        picture = describer(document, view)
        check_numbers(picture, self.fix)
        return picture


_OTHER_INSTANT = "ask for another expiry, or another instant with --as-of"
_OTHER_CYCLES = "ask for more cycles with --cycles, or another instant with --as-of"
# A session of 6 h 15 min has 375 cycles of a minute.
_CYCLES_OF_A_SESSION = 375

KINDS = (
    PictureKind("smile", "over_strikes.smile", True, _OTHER_INSTANT),
    PictureKind("surface", "heat_maps.surface", False, _OTHER_INSTANT),
    PictureKind("oi", "over_strikes.interest", True, _OTHER_INSTANT),
    PictureKind(
        "interest",
        "over_time.interest",
        False,
        _OTHER_CYCLES,
        sentence="Show PCR, max pain and open interest over the day's cycles.",
        example="g6 plot interest NIFTY --strikes 24000,24100 --out interest.png",
        defaults={"cycles": _CYCLES_OF_A_SESSION},
    ),
    PictureKind("straddle", "over_time.straddle", False, _OTHER_CYCLES),
    PictureKind(
        "overlays",
        "over_time.overlays",
        False,
        "name a column of numbers with --figure; docs/reference/columns.md lists them",
    ),
    PictureKind("heatmap", "heat_maps.heatmap", True, _OTHER_CYCLES),
)
"""In the order of the help."""


def kind_of(name: str) -> PictureKind:
    """Return a kind of picture by its name.

    Raises:
        KeyError: There is none of that name.

    >>> kind_of("smile").describer
    'over_strikes.smile'
    """
    return {kind.name: kind for kind in KINDS}[name]
