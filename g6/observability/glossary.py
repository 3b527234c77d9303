"""The reference page of the metrics, written from the catalogue."""

from __future__ import annotations

from itertools import groupby

from g6.observability.catalogue import (
    ALL,
    FAMILIES,
    LABELS,
    OTHER,
    Family,
    label_key,
    label_name,
    series_cap,
)

_INTRODUCTION = """\
# Metrics

`g6 serve` exposes these families on `/metrics` (port 9108 unless `serve.metrics_port` says
otherwise). Each sample is made from an event of the bus, named in the column *from*. Totals are
kept in Redis with the id of the last event counted, so that they stay exact when a worker or
`g6 serve` dies. Counters stand at 0 before the first cycle. A price that is not known has no
series, and one that is not known any more is NaN.

At six indices there are at most {cap} series, and each further index adds at most {more}. A label
value outside the list below, or beyond the room a label has, is counted as `{other}`. What belongs
to a whole cycle has index `{all}`.
"""


def render() -> str:
    """Return docs/reference/metrics.md."""
    cap = series_cap(6)
    parts = [_INTRODUCTION.format(cap=cap, more=series_cap(7) - cap, other=OTHER, all=ALL)]
    for area, families in groupby(FAMILIES.values(), key=lambda family: family.area):
        rows = "\n".join(_row(family) for family in families)
        title = area[0].upper() + area[1:]
        head = "| family | kind | labels | unit | from | meaning |\n|---|---|---|---|---|---|"
        parts.append(f"## {title}\n\n{head}\n{rows}\n")
    parts.append(f"## Buckets\n\n| histogram | upper bounds |\n|---|---|\n{_buckets()}\n")
    parts.append(f"## Label values\n\n| label | values | room |\n|---|---|---|\n{_labels()}\n")
    return "\n".join(parts)


def _row(family: Family) -> str:
    labels = ", ".join(f"`{label_name(label)}`" for label in family.labels)
    cells = (f"`{family.name}`", family.kind, labels, family.unit, family.source, family.help)
    return f"| {' | '.join(cells)} |"


def _buckets() -> str:
    lines = []
    for family in FAMILIES.values():
        if family.buckets:
            upper_bounds = ", ".join(f"{bound:g}" for bound in family.buckets)
            lines.append(f"| `{family.name}` | {upper_bounds} |")
    return "\n".join(lines)


def _labels() -> str:
    used = {
        label_key(label): label_name(label)
        for family in FAMILIES.values()
        for label in family.labels
    }
    lines = []
    for key, name in used.items():
        label = LABELS[key]
        title = f"`{name}`" if name == key else f"`{name}` ({key})"
        values = ", ".join(f"`{value}`" for value in label.values) or (
            "as they come" if label.room else "as configured"
        )
        lines.append(f"| {title} | {values} | {max(label.room, len(label.values)) or ''} |")
    return "\n".join(lines)
