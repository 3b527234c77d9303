"""What contradicts the dated rules, with the line to add."""

from __future__ import annotations

from collections.abc import Iterator

from rich.markup import escape

from g6.rendering.parts import Line, NoView, Part
from g6.rendering.wording import counted, day_words
from g6.studies.market.rule_checks import RuleChecks


def parts(document: RuleChecks, _: NoView) -> Iterator[Part]:
    """Yield each rule that is broken with the line that mends it, and what was looked at."""
    for broken in document.broken:
        yield Line(escape(f"{broken.index}: {broken.what}\n  add: {broken.line}"))
    for index, why in document.unknown.items():
        yield Line(escape(f"{index}: not known: {why}"))
    if document.invented:
        names = ", ".join(sorted({rule.index for rule in document.invented}))
        yield (
            f"the rules do not say yet: {len(document.invented)} lots or steps of {names}, which "
            "the simulated market made up; g6 rules check --provider kite asks the exchange's dump"
        )
    looked = ", ".join(f"{index} {count}" for index, count in document.listed.items())
    day = day_words(document.day)
    if document.passes:
        yield f"the listing of {day} obeys: lots, ticks and weekdays of {looked} expiries"
    else:
        rules = counted(len(document.broken), "rule")
        yield f"{rules} to be looked at, of {day}: {looked} expiries"
