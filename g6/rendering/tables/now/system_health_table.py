"""The health of the running system on a terminal: a line per part, and how long things take."""

from __future__ import annotations

from collections.abc import Iterator

from rich.markup import escape

from g6.rendering.parts import Line, NoView, Part
from g6.studies.now.system_health import SystemHealth


def parts(document: SystemHealth, _: NoView) -> Iterator[Part]:
    """Yield whether it is ready, and a line per part that is not, with its fix."""
    ready = ", ".join(part.part for part in document.parts if part.ok)
    for part in document.parts:
        if not part.ok:
            fix = f"\n  fix: {part.fix}" if part.fix else ""
            yield Line(escape(f"✗ {part.part}: {part.seen}{fix}"))
    yield Line(f"✓ {ready}")
    for what, latency in document.latency.items():
        noun = "cycles" if what == "cycle" else "requests"
        yield Line(
            f"{noun}: half within {latency.p50_ms:g} ms, 95 % within {latency.p95_ms:g} ms, "
            f"of {latency.count:,}"
        )
    yield Line("ready" if document.passes else "not ready")


def json_value(document: SystemHealth) -> dict[str, object]:
    """Return what `/readyz` answers with."""
    return document.to_json()
