"""Every figure that G6 derives: one record each, with the function that makes it.

Figures of one option are columns of the chain, defined in `rows`. A new figure is one record and
its function: the contracts page, `contracts.json` and the units of pictures follow from it.
"""

from __future__ import annotations

from g6.domain.figures.contracts.definition import Definition
from g6.domain.figures.contracts.overview_definitions import OVERVIEW_FIGURES
from g6.domain.figures.contracts.study_definitions import STUDY_FIGURES

__all__ = ["DEFINITIONS", "as_document", "as_page"]

# Rows are not made from this list: no worker needs the figures of the studies.
DEFINITIONS: tuple[Definition, ...] = (*OVERVIEW_FIGURES, *STUDY_FIGURES)

_FIELDS = ("id", "unit", "sign", "convention", "definition")
_HEAD = """# Metric contracts

An id without a point is a column of the overview row. `contracts.json` holds the same.

| id | unit | sign | convention | definition |
|---|---|---|---|---|"""


def as_document() -> list[dict[str, str]]:
    """Return the contracts for machines: one mapping each.

    >>> as_document()[0]["id"]
    'pcr_this_week'
    """
    return [{name: getattr(figure, name) for name in _FIELDS} for figure in DEFINITIONS]


def as_page() -> str:
    """Return the contracts as a Markdown table.

    >>> as_page().splitlines()[0]
    '# Metric contracts'
    """
    lines = [_HEAD]
    for figure in DEFINITIONS:
        cells = (figure.unit, figure.sign, figure.convention, figure.definition)
        lines.append(f"| `{figure.id}` | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"
