"""Why cells of a chain hold a dash, in one line below its table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from g6.domain.figures import build_up
from g6.domain.market.instrument import SIDES
from g6.domain.schema import frame
from g6.domain.schema.words import Flag
from g6.rendering.contract_words import why_no_iv
from g6.rendering.wording import counted, points
from g6.studies.stored.chain_by_strike import ChainByStrike

__all__ = ["dash_line"]

MOST_NAMED = 3
"""Options that a line names. More are counted."""
Mask = NDArray[np.bool_]


def dash_line(document: ChainByStrike, rows: range) -> str:
    """Return which of the strikes that are shown lack what, and why; empty where none does.

    Args:
        document: The chain.
        rows: The strikes that are shown.
    """
    clauses = [*_clauses(document, rows)]
    return f"–  {'; '.join(clauses)}" if clauses else ""


def _clauses(document: ChainByStrike, rows: range) -> Iterator[str]:
    shown = slice(rows.start, rows.stop)
    is_listed = _of_sides(document, "symbol", shown) != ""
    if not is_listed.all():
        yield f"not listed: {_named(document, rows, ~is_listed)}"
    has_quote = is_listed & ~_is_missing(document, shown)
    if (is_listed & ~has_quote).any():
        yield f"no quote: {_named(document, rows, is_listed & ~has_quote)}"
    lacks_iv = has_quote & np.isnan(_numbers(document, "iv", shown))
    if lacks_iv.any():
        statuses = _of_sides(document, "iv_status", shown)
        reasons = Counter(why_no_iv(str(status)) for status in statuses[lacks_iv])
        causes = [f"{reason} ({count})" for reason, count in reasons.most_common()]
        yield f"no IV of {counted(int(lacks_iv.sum()), 'option')}: {', '.join(causes)}"
    lacks_previous = has_quote & np.isnan(_numbers(document, "oi_prev", shown))
    if lacks_previous.any():
        count = counted(int(lacks_previous.sum()), "option")
        yield f"no ΔOI of {count}: OI of the session before is unknown"
    interest = (_numbers(document, name, shown) for name in ("oi", "oi_prev", "oi_day_high"))
    is_waiting = has_quote & build_up.unpublished(*interest)
    if is_waiting.any():
        yield f"no ΔOI of {counted(int(is_waiting.sum()), 'option')}: not published yet today"


def _named(document: ChainByStrike, rows: range, mask: Mask) -> str:
    """Return the options by name, or how many there are."""
    if mask.sum() > MOST_NAMED:
        return counted(int(mask.sum()), "option")
    names: list[str] = []
    for side, place in zip(*np.nonzero(mask), strict=True):
        strike = float(np.asarray(document.rows["strike"], dtype=np.float64)[rows[int(place)]])
        names.append(f"{points(strike)} {SIDES[int(side)]}")
    return ", ".join(names)


def _is_missing(document: ChainByStrike, shown: slice) -> Mask:
    """Tell which options were asked for and not answered, so that nothing of them is known."""
    flags = np.nan_to_num(_numbers(document, "quality", shown)).astype(np.int64)
    is_missing: Mask = (flags & Flag.MISSING.value) != 0
    for name in ("last", "bid", "ask", "oi"):
        is_missing &= np.isnan(_numbers(document, name, shown))
    return is_missing


def _numbers(document: ChainByStrike, name: str, shown: slice) -> NDArray[np.float64]:
    return np.asarray(_of_sides(document, name, shown), dtype=np.float64)


def _of_sides(document: ChainByStrike, name: str, shown: slice) -> NDArray[np.generic]:
    columns: Sequence[NDArray[np.generic]] = [
        document.rows[f"{side}{name}"][shown] for side in frame.SIDE_PREFIXES
    ]
    return np.stack(columns)
