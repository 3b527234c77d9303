"""What one seed leaves behind is what it left when the baseline was written.

After a change of figures that was meant: `python -m tests.baseline --write`, and the reason in the commit's message.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.baseline.recorded import BASELINE, baseline
from tests.unit.language import Language, counted

ROOT = Path(__file__).resolve().parents[2]
RECORDED = json.loads(BASELINE.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return baseline(tmp_path_factory.mktemp("rows"))


@pytest.mark.parametrize("name", sorted(RECORDED))
def test_nothing_of_one_seed_has_changed(found: dict[str, Any], name: str) -> None:
    assert found[name] == RECORDED[name]


def test_everything_that_is_found_is_held(found: dict[str, Any]) -> None:
    assert set(found) == set(RECORDED)


@pytest.fixture(scope="module")
def language() -> Language:
    return counted(sorted((ROOT / "g6").rglob("*.py")))


@pytest.mark.parametrize(
    ("count", "most"),
    [
        ("participle_pct", 7.0), ("semicolons_per_100_docstrings", 36.0), ("double_assignments", 12.5),
        ("comprehensions", 39.5), ("any", 21.0), ("untyped_mappings", 530), ("format_skips", 145),
    ],
)  # fmt: skip
def test_the_language_gets_no_worse(language: Language, count: str, most: float) -> None:
    """The aims stand in the table of style; each bound is what was counted last and only ever falls."""
    assert getattr(language, count) <= most


def test_comments_get_no_fewer(language: Language) -> None:
    assert language.comments >= 3.0
