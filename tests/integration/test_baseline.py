"""What one seed leaves behind is what it left when the baseline was written.

After a change of figures that was meant: `python -m tests.baseline --write`, and the reason in the commit's message.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.baseline.recorded import BASELINE, baseline

RECORDED = json.loads(BASELINE.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return baseline(tmp_path_factory.mktemp("rows"))


@pytest.mark.parametrize("name", sorted(RECORDED))
def test_nothing_of_one_seed_has_changed(found: dict[str, Any], name: str) -> None:
    assert found[name] == RECORDED[name]


def test_everything_that_is_found_is_held(found: dict[str, Any]) -> None:
    assert set(found) == set(RECORDED)
