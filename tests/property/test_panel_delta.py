"""A delta of a panel names what it begins with, and rebuilds what it ends with to the byte."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from g6.domain.documents.panel_delta import PanelDelta, delta_between
from g6.domain.documents.panels import canonical, envelope
from g6.errors import BadInput

SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(-9, 9), st.floats(-9, 9), st.text("ab", max_size=3)
)
DATA = st.dictionaries(
    st.text("abc", min_size=1, max_size=2),
    st.recursive(
        SCALARS,
        lambda inner: st.one_of(
            st.lists(inner, max_size=3), st.dictionaries(st.text("ab", max_size=2), inner)
        ),
        max_leaves=8,
    ),
    max_size=4,
)
AT = "2026-11-18T05:30:00Z"


@given(DATA, DATA)
def test_the_delta_rebuilds_the_later_panel_byte_for_byte(
    old: dict[str, object], new: dict[str, object]
) -> None:
    before, after = envelope("indices", old, AT, AT), envelope("indices", new, AT, AT)
    text = json.dumps(delta_between(before, after).to_json())
    delta = PanelDelta.from_json(json.loads(text))
    assert delta.base == before["meta"]["hash"]  # type: ignore[index]
    assert delta.hash == after["meta"]["hash"]  # type: ignore[index]
    assert canonical(delta.document(before)) == canonical(after)


def test_a_delta_of_another_panel_or_a_damaged_one_makes_nothing() -> None:
    before, after = envelope("p", {"a": 1}, AT, AT), envelope("p", {"a": 2}, AT, AT)
    delta = delta_between(before, after)
    with pytest.raises(BadInput, match="is of"):
        delta.rebuilt({"a": 3})
    with pytest.raises(BadInput, match="another panel than q"):
        delta.document({**before, "panel": "q"})
    damaged = PanelDelta("p", delta.base, delta.hash, {"edit": {"b": {"to": 2}}})
    with pytest.raises(BadInput, match="does not fit"):
        damaged.rebuilt({"a": 1})
    with pytest.raises(BadInput, match="instead of"):
        PanelDelta("p", delta.base, delta.hash, {"edit": {"a": {"to": 9}}}).rebuilt({"a": 1})
