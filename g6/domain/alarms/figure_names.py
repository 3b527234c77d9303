"""The names of the figures that a rule may speak of, and what is said of any other name."""

from __future__ import annotations

from collections.abc import Mapping

from g6.domain.market.instrument import INDICES
from g6.domain.schema.nearest import nearest_few, no_such
from g6.domain.schema.rows import OVERVIEW
from g6.domain.schema.words import Bucket
from g6.errors import UserError

__all__ = ["COVERAGE", "IV_RANK", "PANEL", "WALL", "chain_figures", "checked_figure", "figures"]

IV_RANK = "iv_rank"
COVERAGE = "coverage"
WALL = "wall"
CALL_WALL = "call_wall"
PUT_WALL = "put_wall"
PANELS = (
    "summary",
    "indices",
    "analytics",
    "breadth",
    "exposures",
    "overview",
    "alerts",
    "provider",
    "health",
    "storage",
    "cycle",
    "quality",
    "end_of_day",
)
"""The panels that a rule may read, apart from `index_NIFTY` and the like."""
PANEL = "panel."
"""How a number of a panel begins: `panel.health.queues.collect`."""
_NUMBERS = ("float", "integer", "iv")
_MOST = 3


def figures() -> Mapping[str, str]:
    """Return what each figure is, and its unit, by its name.

    >>> "pcr_this_week" in figures(), "call_wall_this_week" in figures(), "status" in figures()
    (True, True, False)
    """
    sentences = {}
    for column in OVERVIEW:
        if column.kind in _NUMBERS:
            unit = f" ({column.unit})" if column.unit else ""
            sentences[column.name] = f"{column.meaning}{unit}"
    for bucket in Bucket:
        sentences[f"{CALL_WALL}_{bucket}"] = f"strike of {bucket} with the most open calls (points)"
        sentences[f"{PUT_WALL}_{bucket}"] = f"strike of {bucket} with the most open puts (points)"
    sentences[IV_RANK] = "rank of the 30-day volatility among the sessions before (0 to 100)"
    sentences[COVERAGE] = "cycles that are OK on the newest certified day before (fraction)"
    return sentences


def chain_figures() -> Mapping[str, tuple[str, Bucket]]:
    """Return side prefix and bucket of each figure that is read from a chain, by its name.

    >>> chain_figures()["call_wall_this_week"]
    ('ce_', <Bucket.THIS_WEEK: 'this_week'>)
    """
    prefixes = {CALL_WALL: "ce_", PUT_WALL: "pe_"}
    return {
        f"{name}_{bucket}": (prefix, bucket)
        for name, prefix in prefixes.items()
        for bucket in Bucket
    }


def checked_figure(name: str) -> str:
    """Return a figure's name if there is such a figure.

    Raises:
        UserError: There is none. It names the nearest ones.

    >>> checked_figure("pcr_this_weak")
    Traceback (most recent call last):
    ...
    g6.errors.UserError: there is no figure 'pcr_this_weak'
      fix: did you mean pcr_this_week? g6 alert figures lists all
    """
    if name.startswith(PANEL) and len(name.split(".")) > 2:
        return _checked_panel(name)
    names = figures()
    if name in names:
        return name
    if name in (WALL, *(f"{WALL}_{bucket}" for bucket in Bucket)):
        raise UserError(
            "a wall is two strikes, and a number is held against one",
            "name call_wall_this_week or put_wall_this_week, or write: wall of NIFTY moves",
        )
    near = nearest_few(name, names, _MOST)
    words = " or ".join([", ".join(near[:-1]), near[-1]]) if len(near) > 1 else "".join(near)
    meant = f"did you mean {words}? " if near else ""
    raise UserError(f"there is no figure {name!r}", f"{meant}g6 alert figures lists all")


def _checked_panel(name: str) -> str:
    """Return the path of a number in a panel if there is such a panel.

    Raises:
        UserError: There is none. It names the nearest one.
    """
    panel = name.split(".")[1]
    names = (*PANELS, *(f"index_{index}" for index in INDICES))
    if panel not in names:
        raise no_such("panel", panel, names)
    return name
