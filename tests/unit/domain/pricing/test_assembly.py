"""Many units assembled and summed up in one go: the same bits as one by one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from g6.domain.documents.chain_rows import COMPUTED, computed
from g6.domain.figures.overview import summarise, summarise_all
from g6.domain.pricing.assembly import assemble, assemble_all
from g6.domain.schema.frame import Words

CE, PE = 0, 1
NEAR, FAR = "2026-08-25", "2026-09-01"


def differing(worlds: Sequence[Any]) -> set[str]:
    """Names of the columns and figures that come out otherwise when the units are worked on together."""
    units = [(world.quotes, world.stamp) for world in worlds]
    chains, alone = assemble_all(units), [assemble(*unit) for unit in units]
    together, each = computed(chains), [computed([chain]) for chain in alone]
    odd = {
        name
        for name in COMPUTED
        if not same(told(together[name]), np.concatenate([told(one[name]) for one in each]))
    }
    pairs = zip(summarise_all(chains), map(summarise, alone), strict=True)
    return odd | {name for row, own in pairs for name in own if row[name] != own[name]}


def told(column: NDArray[Any] | Words) -> NDArray[Any]:
    return column.spelled() if isinstance(column, Words) else column


def same(one: NDArray[Any], other: NDArray[Any]) -> bool:
    return np.array_equal(one, other, equal_nan=one.dtype.kind == "f")


@pytest.fixture
def worlds(build_world: Callable[..., Any]) -> list[Any]:
    """Units of one day: plain, without books, with more strikes, past the near fix, of an unknown index, with holes."""
    later = {"at": "2026-08-19T06:01:00Z"}
    plain, bookless, wide, past, blind, holed = (
        build_world(), build_world(**later, near=24120.0), build_world(strikes=61), build_world(at="2026-08-25T10:05:00Z"),
        build_world(spot=23900.0), build_world(near=24077.0, strikes=21),
    )  # fmt: skip
    bookless.no_books()
    blind.see(spot=float("nan"))
    blind.no_books()
    for side in (CE, PE):
        blind.put(side, slice(None), last=float("nan"))
        holed.lose(side, slice(21, 42))
        holed.unlist(side, slice(0, 3))
    return [plain, bookless, wide, past, blind, holed]


def test_units_together_are_what_they_are_alone(worlds: list[Any]) -> None:
    assert differing(worlds) == set()


def test_units_of_one_shape_are_what_they_are_alone(build_world: Callable[..., Any]) -> None:
    assert differing([build_world(near=24101.0 + 13 * n) for n in range(5)]) == set()


def test_units_that_are_priced_differently_are_kept_apart(worlds: list[Any]) -> None:
    worlds[1].stamp = replace(worlds[1].stamp, greeks=False)
    assert differing(worlds[:3]) == set()
    told_so = computed(assemble_all([(world.quotes, world.stamp) for world in worlds[:2]]))[
        "ce_iv_status"
    ]
    assert isinstance(told_so, Words)
    assert {"disabled", "ok"} <= set(told_so.spelled())


def test_the_forwards_of_such_units_come_from_everywhere(worlds: list[Any]) -> None:
    chains = assemble_all([(world.quotes, world.stamp) for world in worlds])
    assert {expiry.forward.source for chain in chains for expiry in chain.expiries} >= {
        "parity",
        "parity_last",
        "carry",
        "",
    }


def test_no_unit_is_no_chain() -> None:
    assert assemble_all([]) == []
    assert summarise_all([]) == []
