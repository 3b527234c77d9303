"""The architecture page names every room and chapter, and defines the words that names are made of."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "g6"
PAGE = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")
ORDINARY = ROOT / "tests/data/ordinary_words.txt"
WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z][a-z]+|[a-z]+")


def test_the_page_lists_every_room_with_its_chapters() -> None:
    assert _rooms_of_the_page() == _rooms_of_the_tree()


def test_the_page_shows_the_layers_that_are_enforced() -> None:
    assert _layers_of_the_page() == _layers_of_the_contract()


def test_every_word_of_a_name_is_ordinary_or_in_the_glossary() -> None:
    known = {_singular(word) for word in _words_of_the_glossary() | _ordinary_words()}
    unknown = sorted(
        f"{word} in {name}"
        for name in _names()
        for word in _words(name)
        if _singular(word) not in known
    )
    assert unknown == [], "define the word in docs/architecture.md, or choose an ordinary one"


def test_no_ordinary_word_is_a_word_of_the_glossary_or_stands_in_no_name() -> None:
    in_names = {_singular(word) for name in _names() for word in _words(name)}
    glossary = {_singular(word) for word in _words_of_the_glossary()}
    ordinary = {_singular(word) for word in _ordinary_words()}
    assert ordinary & glossary == set()
    assert ordinary - in_names == set()


def test_the_glossary_is_in_the_order_of_its_words() -> None:
    terms = [term.lower() for term in _terms()]
    assert terms == sorted(terms)
    assert len(terms) == len(set(terms))


def _rooms_of_the_tree() -> dict[str, set[str]]:
    rooms: dict[str, set[str]] = {}
    for door in sorted(PACKAGE.rglob("__init__.py")):
        room, *chapters = door.parent.relative_to(PACKAGE).parts or ("",)
        if room:
            rooms.setdefault(room, set()).update(chapters)
    return rooms


def _rooms_of_the_page() -> dict[str, set[str]]:
    rows = _table(_section("Rooms"))
    names = {row[0].strip("`"): row[1] + row[2] for row in rows}
    return {room: _chapters(room, text) for room, text in names.items()}


def _chapters(room: str, text: str) -> set[str]:
    named = set(re.findall(r"`(\w+)`", text))
    return {name for name in named if any((PACKAGE / room).rglob(f"{name}/__init__.py"))}


def _layers_of_the_contract() -> list[set[str]]:
    config = (ROOT / ".importlinter").read_text(encoding="utf-8")
    layers = config.partition("layers =\n")[2].partition("\n\n")[0]
    return [set(re.findall(r"\w+", line)) for line in layers.splitlines()]


def _layers_of_the_page() -> list[set[str]]:
    block = _section("Rooms").partition("```text\n")[2].partition("```")[0]
    return [set(re.findall(r"\w+", re.split(r"\s{2,}", line)[0])) for line in block.splitlines()]


def _terms() -> list[str]:
    return [row[0] for row in _table(_section("Glossary"))]


def _words_of_the_glossary() -> set[str]:
    return {word.lower() for term in _terms() for word in re.findall(r"[A-Za-z]+", term)}


def _ordinary_words() -> set[str]:
    return set(ORDINARY.read_text(encoding="utf-8").split())


def _names() -> Iterator[str]:
    """Yield the names of all modules, packages and classes of g6."""
    for path in sorted(PACKAGE.rglob("*.py")):
        yield path.parent.name if path.name.startswith("__") else path.stem
        tree = ast.parse(path.read_text(encoding="utf-8"))
        yield from (node.name for node in ast.walk(tree) if isinstance(node, ast.ClassDef))


def _words(name: str) -> list[str]:
    return [word.lower() for word in WORD.findall(name)]


def _singular(word: str) -> str:
    """Return a word without the ending of its plural, well enough to compare two words."""
    if word.endswith("ies"):
        return word[:-3] + "y"
    if word.endswith(("ches", "shes", "sses", "uses", "xes")):
        return word[:-2]
    is_plural = word.endswith("s") and not word.endswith(("as", "is", "ss", "us"))
    return word[:-1] if is_plural else word


def _section(title: str) -> str:
    return PAGE.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def _table(text: str) -> list[list[str]]:
    rows = [line for line in text.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in rows[2:]]
