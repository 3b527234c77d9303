"""The runbooks name what there is: every reason has a page and a place in the code, every command, setting and metric exists."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from g6.domain.schema.words import Reason
from g6.errors import Retryable, SinkAway, SinkRefused, Terminal
from g6.observability.catalogue import FAMILIES
from tests.unit.house.test_fix_lines import (
    MODULES,
    ROOT,
    commands_of,
    wrong_command,
    wrong_settings,
)

BOOKS = ROOT / "docs" / "runbooks"
PAGES = sorted(BOOKS.glob("*.md"))
INDEX = (BOOKS / "index.md").read_text("utf-8")
ROWS = re.findall(
    r"^\| ([A-Z, ]+) \| ((?:`[a-z_]+`(?:, )?)+) \| \[[\w-]+\]\(([\w-]+\.md)\) \|$",
    INDEX,
    re.MULTILINE,
)
CAUSES = tuple(reason for reason in Reason if reason.ends_units)
REASONS = {reason: page for _, reasons, page in ROWS for reason in re.findall(r"`(\w+)`", reasons)}
OF_OUTLETS = (SinkAway, SinkRefused)
"""What an outlet beside the workers meets: it ends no unit."""


@pytest.fixture(scope="module")
def words_of() -> dict[str, set[str]]:
    """The words that each module and each script for Redis holds as texts of their own."""
    words = {str(path): texts(path) for path in MODULES if path.name != "words.py"}
    for path in (ROOT / "g6").rglob("*.lua"):
        words[str(path)] = set(re.findall(r"""['"](\w+)['"]""", path.read_text("utf-8")))
    return words


def produced(reason: str, words_of: dict[str, set[str]]) -> list[str]:
    """Return the files that hold the reason as a text of its own."""
    return [file for file, words in words_of.items() if reason in words]


def texts(path: Path) -> set[str]:
    tree = ast.parse(path.read_text("utf-8"))
    members = {
        Reason[node.attr].value
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id == "Reason"
        and node.attr in Reason.__members__
    }
    return members | {
        word
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
        for word in ([node.value] if len(node.value) < 20 else re.findall(r"'(\w+)'", node.value))
    }


def classes(kind: type[Exception]) -> list[type[Exception]]:
    return [found for child in kind.__subclasses__() for found in (child, *classes(child))]


@pytest.mark.parametrize("reason", CAUSES)
def test_every_reason_has_a_page_that_names_it(reason: str) -> None:
    page = BOOKS / REASONS.get(reason, f"no page for {reason}")
    assert f"`{reason}`" in page.read_text("utf-8")


@pytest.mark.parametrize("reason", CAUSES)
def test_every_reason_is_given_somewhere(reason: str, words_of: dict[str, set[str]]) -> None:
    assert produced(reason, words_of), f"nothing ends a unit as {reason}"


def test_a_reason_that_nothing_gives_is_seen(words_of: dict[str, set[str]]) -> None:
    assert produced("retryable_never", words_of) == []


def test_the_index_lists_no_reason_that_does_not_exist() -> None:
    assert set(REASONS) - set(CAUSES) == set()


@pytest.mark.parametrize(
    "error",
    [error for error in (*classes(Retryable), *classes(Terminal)) if error not in OF_OUTLETS],
    ids=lambda error: error.__name__,
)
def test_whatever_error_ends_a_unit_its_reason_is_counted_by_name(
    error: type[Retryable | Terminal],
) -> None:
    assert error.reason in CAUSES


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_the_commands_of_a_runbook_are_commands(page: Path) -> None:
    text = re.sub(
        r"(?<!\n)\n(?!\n|[$>|#`-])",
        " ",
        page.read_text("utf-8").replace("`", "\n").replace("celery -A g6", ""),
    )
    lines = [re.split(r"\s{3,}|\[", line)[0] for line in text.splitlines()]
    assert [
        wrong for line in lines for words in commands_of(line) if (wrong := wrong_command(words))
    ] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_the_settings_of_a_runbook_are_settings(page: Path) -> None:
    codes = re.findall(r"`([^`\n]+)`", page.read_text("utf-8"))
    assert [
        wrong
        for code in codes
        for wrong in wrong_settings(code)
        if not wrong.endswith((".md", ".log", ".json"))
    ] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_the_metrics_of_a_runbook_are_counted(page: Path) -> None:
    named = set(re.findall(r"\bg6_[a-z_]+", page.read_text("utf-8"))) - {"g6_data"}
    assert named - set(FAMILIES) == set()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_runbook_leads_only_to_pages_that_exist(page: Path) -> None:
    links = re.findall(r"\]\(([^)#]+)", page.read_text("utf-8"))
    assert [
        link for link in links if not link.startswith("http") and not (page.parent / link).exists()
    ] == []
