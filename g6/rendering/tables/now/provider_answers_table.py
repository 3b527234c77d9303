"""The answers of a provider as lines, each marked as well or not."""

from __future__ import annotations

from collections.abc import Iterator

from g6.rendering.parts import Line, NoView, Part
from g6.studies.now.provider_answers import ProviderAnswers


def parts(document: ProviderAnswers, _: NoView) -> Iterator[Part]:
    """Yield a line per question, and the fix of one that went wrong."""
    for answer in document.answers:
        mark = "✓" if answer.ok else "✗"
        fix = f"\n  fix: {answer.fix}" if answer.fix else ""
        yield Line(f"{mark} {answer.what}: {answer.seen}{fix}")


def json_value(document: ProviderAnswers) -> dict[str, object]:
    """Return the answers under the names that are published."""
    return {"ok": document.passes, "checks": document.answers}
