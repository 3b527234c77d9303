"""Differences of panels: whatever two documents are, what lies between them leads from one to the other."""

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from g6.domain.documents.panels import canonical, digest, merge_panel_diff, panel_diff

NUMBERS = (
    st.none()
    | st.booleans()
    | st.integers(-3, 3)
    | st.floats(allow_nan=False, allow_infinity=False, width=16)
)
KEYS = st.sampled_from(["to", "set", "drop", "edit", "items", "a", "b", "0"])
DOCUMENTS = st.recursive(
    NUMBERS | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=5),
    max_leaves=20,
).map(lambda drawn: json.loads(canonical(drawn)))
"""Documents as panels hold them: their numbers have the decimals that canonical JSON writes."""


@settings(max_examples=100, deadline=None)
@given(DOCUMENTS, DOCUMENTS)
def test_the_difference_leads_from_one_document_to_the_other(one: Any, other: Any) -> None:
    before = canonical(one)
    assert canonical(merge_panel_diff(one, panel_diff(one, other))) == canonical(other)
    assert canonical(one) == before


@settings(max_examples=50, deadline=None)
@given(DOCUMENTS)
def test_a_document_does_not_differ_from_itself(document: Any) -> None:
    assert panel_diff(document, document) == {}
    assert panel_diff(document, json.loads(canonical(document))) == {}


@settings(max_examples=50, deadline=None)
@given(DOCUMENTS, DOCUMENTS)
def test_a_difference_survives_being_sent(one: Any, other: Any) -> None:
    sent = json.loads(json.dumps(panel_diff(one, other)))
    assert digest(merge_panel_diff(one, sent)) == digest(other)
