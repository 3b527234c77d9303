"""The answers of a provider as lines, each marked as well or not."""

from __future__ import annotations

from collections.abc import Iterator

from g6.rendering.parts import NoView, Part
from g6.rendering.tables.finding_lines import finding_lines
from g6.studies.now.provider_answers import ProviderAnswers


def parts(document: ProviderAnswers, _: NoView) -> Iterator[Part]:
    """Yield a line per question, and the fix of one that went wrong."""
    yield from finding_lines(document.answers)


def json_value(document: ProviderAnswers) -> dict[str, object]:
    """Return the answers under the names that are published."""
    checks = [
        {"what": answer.check, "ok": answer.ok, "seen": answer.seen, "fix": answer.fix}
        for answer in document.answers
    ]
    return {"ok": document.passes, "checks": checks}
