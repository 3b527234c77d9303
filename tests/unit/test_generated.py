"""Generated files are as their generator would write them."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

from g6.config.keys import keys
from g6.domain.schema import rows


@pytest.fixture(scope="module")
def generator() -> ModuleType:
    path = Path(__file__).resolve().parents[2] / "docs" / "generate.py"
    spec = importlib.util.spec_from_file_location("generate", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_generated_files_are_fresh(generator: ModuleType) -> None:
    assert sorted(generator.stale()) == [], "run make docs"


def test_a_file_that_was_edited_is_stale(generator: ModuleType, tmp_path: Path) -> None:
    assert sorted(generator.stale(tmp_path)) == sorted(path for path, _ in generator.GENERATED)


def test_the_settings_page_documents_every_key(generator: ModuleType) -> None:
    page = generator.settings()
    assert all(f"| `{key.path}` |" in page and f"`{key.variable}`" in page for key in keys())


def test_the_columns_page_documents_every_column(generator: ModuleType) -> None:
    page = generator.columns()
    assert all(f"| `{each.name}` |" in page for each in (*rows.CHAIN, *rows.OVERVIEW))


def test_every_page_says_what_wrote_it(generator: ModuleType) -> None:
    pages = {
        path: make()
        for path, make in generator.GENERATED
        if path.endswith((".md", "schema_v2.json"))
    }
    # Of these pages one section is generated, and says so where it begins.
    for page in ("docs/architecture.md", "docs/runbooks/index.md"):
        assert "written by `make docs`" in pages.pop(page)
    assert all("make docs" in page[:200] for page in pages.values())
