"""`g6.plot`: every kind of picture as a function that returns a matplotlib figure.

>>> import g6
>>> g6.plot.smile("NIFTY", theme="dark")  # doctest: +SKIP
"""

from __future__ import annotations

from inspect import signature
from typing import TYPE_CHECKING

from g6.entrypoints.python import ask
from g6.entrypoints.python.plotting import plotting
from g6.rendering.pictures.kinds import KINDS, kind_of

if TYPE_CHECKING:
    from g6.entrypoints.python.plotting import Plotting


def __getattr__(name: str) -> Plotting:
    """Return the function that draws a kind of picture."""
    try:
        kind = kind_of(name)
    except KeyError:
        raise AttributeError(
            f"g6.plot has no picture {name!r}; it has {', '.join(__dir__())}"
        ) from None
    asking = getattr(ask, kind.name)
    function = plotting(kind, asking, signature(asking), asking.__doc__)
    # The next look-up finds it without coming here, and completion offers it with its signature.
    globals()[name] = function
    return function


def __dir__() -> list[str]:
    """Return the names of the pictures."""
    return sorted(kind.name for kind in KINDS)
