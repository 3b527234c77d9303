"""The pages name files, commands of make, metrics and other pages that exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from g6.observability.catalogue import FAMILIES
from g6.observability.catalogue.rules import RULES

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md")])
WRITTEN_BY_READERS = {"config/sessions.local.toml", "config/alerts.toml"}
"""Files that a page tells its reader to write."""
ADDED_BY_DIFFS = re.compile(r"^\+\+\+ b/(\S+)$", re.MULTILINE)
SUFFIXES_OF_SAMPLES = ("_total", "_bucket", "_sum", "_count")


def without_fences(text: str) -> str:
    return re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)


def anchors_of(page: Path) -> set[str]:
    """Return the anchors of a page's headings, as GitHub and mkdocs make them."""
    headings = re.findall(r"^#+ (.*)$", without_fences(page.read_text("utf-8")), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_to_pages_and_headings(page: Path) -> None:
    wrong = []
    for target, anchor in re.findall(r"\]\(([^)#\s]*)(?:#([^)]*))?\)", page.read_text("utf-8")):
        if target.startswith(("http:", "https:")):
            continue
        file = page.parent / target if target else page
        if not file.exists() or (anchor and anchor not in anchors_of(file)):
            wrong.append(f"{target}#{anchor}")
    assert wrong == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_files_of_the_tree_exist(page: Path) -> None:
    text = page.read_text("utf-8")
    names = re.findall(
        r"(?<![\w/.-])(?:g6|tests|docs|config|deploy|prometheus|grafana)/[\w./-]+", text
    )
    expected = {name.rstrip("./") for name in names}
    expected -= WRITTEN_BY_READERS | set(ADDED_BY_DIFFS.findall(text))
    assert [name for name in sorted(expected) if not (ROOT / name).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_targets_of_make_exist(page: Path) -> None:
    makefile = (ROOT / "Makefile").read_text("utf-8")
    targets = set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))
    named = re.findall(r"(?:`|^\$? ?)make ([a-z-]+)", page.read_text("utf-8"), re.MULTILINE)
    assert set(named) - targets == set()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_metrics_are_counted(page: Path) -> None:
    named = set(re.findall(r"`(g6_[a-z_]+)(?:\{[^`]*\})?`", page.read_text("utf-8")))
    samples = {family + suffix for family in FAMILIES for suffix in ("", *SUFFIXES_OF_SAMPLES)}
    assert named - samples - {rule.name for rule in RULES} == set()
