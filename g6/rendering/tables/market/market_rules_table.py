"""The dated rules of the market on a terminal, a line each, and as the file for others."""

from __future__ import annotations

from collections.abc import Iterator

from g6.rendering.parts import Line, NoView, Part
from g6.studies.market.market_rules import MarketRules, RuleLine

JSON_INDENT = 1


def parts(document: MarketRules, _: NoView) -> Iterator[Part]:
    """Yield a line per rule, and the years whose sessions are known."""
    for line in document.lines:
        yield Line(_sentence(line))
    years = ", ".join(map(str, document.covered_years))
    yield f"sessions of {years}; --json writes the rules as a file for other programs"


def json_value(document: MarketRules) -> object:
    """Return the rules as the file for others has them."""
    return document.to_json()


def _sentence(line: RuleLine) -> str:
    until = "" if line.until in (None, line.since) else f" to {line.until}"
    since = "always" if line.since is None else str(line.since)
    return f"{line.rule:<9}{line.of:<11}{since}{until}: {line.says} [{line.source}]"
