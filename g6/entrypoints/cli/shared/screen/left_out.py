"""What a recording was read without, or flagged: totals by kind, and the first by name."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console

from g6.adapters.replay import WORDS, LeftOut, totals

SHOWN = 20
"""Lines on a terminal; the totals say how many there are."""


def print_left_out(console: Console, left_out: Sequence[LeftOut]) -> None:
    """Print what was left out, damaged things first, and nothing where all was read."""
    counts = totals(left_out)
    order = [kind for kind in reversed([*WORDS]) if kind in counts]
    for part in sorted(left_out, key=lambda part: order.index(part.kind))[:SHOWN]:
        console.print(f"{part.outcome}: {part}", soft_wrap=True, markup=False, highlight=False)
    if len(left_out) > SHOWN:
        console.print(
            f"… and {len(left_out) - SHOWN} more; --strict refuses a recording with any",
            soft_wrap=True,
        )
    for heading, kinds in (
        ("left out", [kind for kind in order if kind != "flagged"]),
        ("flagged", [kind for kind in order if kind == "flagged"]),
    ):
        if kinds:
            words = ", ".join(f"{WORDS[kind]} {counts[kind]:,}" for kind in kinds)
            console.print(f"{heading}: {words}", soft_wrap=True)


def has_damage(left_out: Sequence[LeftOut]) -> bool:
    """Tell whether something that was asked for is missing, or cannot be.

    Copies, empty polls and other underlyings were not asked for.
    """
    return any(part.is_bad for part in left_out)
