"""Panel files that are not as their manifest says, on a terminal."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

from g6.rendering.parts import Line, Part
from g6.studies.checks.panel_checks import PanelChecks
from g6.studies.parameters import Parameter


@dataclass(frozen=True, slots=True)
class PanelView:
    """Whether anything is written."""

    quiet: Annotated[bool, Parameter("Print nothing.", "True")] = False


VIEW = PanelView


def parts(document: PanelChecks, view: PanelView) -> Iterator[Part]:
    """Yield a line per file, and how many there are."""
    if view.quiet:
        return
    for file, issue in document.issues.items():
        yield Line(f"{file}: {issue}")
    if document.issues:
        yield Line(f"{len(document.issues)} issues in {document.place}")
    else:
        yield Line(f"{document.place}: every panel is what the manifest says")


def json_value(document: PanelChecks) -> dict[str, object]:
    """Return the issues under the names that are published."""
    return {"count": len(document.issues), "issues": document.issues}
