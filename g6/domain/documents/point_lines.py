"""Rows as points of a time series server, in InfluxDB's line protocol with seconds.

A point's series is its measurement and tags, its instant is the cycle's. The same rows give the
same bytes, so that a unit which is sent again replaces its points.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from math import isfinite

import numpy as np

from g6.domain.cycles.cycle import Unit, parse_z
from g6.domain.quotes.stamp import parse_window
from g6.domain.schema.frame import SIDE_PREFIXES, Frame
from g6.domain.schema.json_reading import part
from g6.domain.schema.layout import offset_name
from g6.domain.schema.overview_row import OverviewRow
from g6.domain.schema.rows import OVERVIEW
from g6.domain.schema.words import ANALYSED, Bucket, Status

OPTION_DATA = "option_data"
OVERVIEW_DATA = "options_overview"
CYCLE_DATA = "g6_cycle"

_SIDE_FIELDS = (
    *("last", "bid", "ask", "volume", "oi"),
    *("iv", "delta", "gamma", "theta", "vega", "rho"),
)
_ROW_FIELDS = ("strike", "spot", "dte")
_WHOLE = ("volume", "oi", "dte")
_SHORT = ("iv", "delta", "gamma", "theta", "vega", "rho")
"""Fields that are stored as float32: seven digits are all they have."""
_TAG_ESCAPES = str.maketrans({",": r"\,", "=": r"\=", " ": r"\ ", "\n": r"\ "})
_OVERVIEW_FIELDS = tuple(
    column for column in OVERVIEW if column.kind in {"float", "iv", "integer", "flags"}
)


def option_lines(unit: Unit, frame: Frame) -> list[str]:
    """Return a line for each option of the window around the money, in the order of the rows.

    A date that fills two buckets has a point in both. A missing value is no field, and an option
    without any value is no point.

    Args:
        unit: Whose chain it is. Its cycle is the instant of the points.
        frame: Columns of `rows.CHAIN`, under the header its quotes came with.

    >>> from g6.simulation.example_unit import FRAME
    >>> line = option_lines(Unit("2026-11-18T05:30:00Z", "NIFTY"), FRAME)[0]
    >>> line.partition(" ")[0]
    'option_data,expiry_code=this_week,index=NIFTY,offset=-10,side=CE'
    """
    below, above = parse_window(part(frame.header, "stamp"))
    offsets = frame.columns["offset"].astype(np.float64)
    near = frame.take(np.flatnonzero((offsets >= -below) & (offsets <= above)))
    seconds = int(unit.instant.timestamp())
    shared = [_texts(near, name, name) for name in _ROW_FIELDS]
    fields = {}
    for prefix in SIDE_PREFIXES:
        columns = [_texts(near, prefix + name, name) for name in _SIDE_FIELDS]
        fields[prefix] = columns
    masks = near.columns["bucket_mask"].astype(np.int64).tolist()
    firsts = near.columns["bucket"].tolist()
    lines: list[str] = []
    for row, offset in enumerate(near.columns["offset"].astype(np.int64).tolist()):
        for prefix, columns in fields.items():
            own = _present(columns, row)
            if not own:
                continue
            values = ",".join([*own, *_present(shared, row)])
            for bucket in _buckets(str(firsts[row]), masks[row]):
                tags = (
                    f"expiry_code={_tag(bucket)},index={_tag(unit.index)},"
                    f"offset={offset_name(offset)},side={prefix.strip('_').upper()}"
                )
                lines.append(f"{OPTION_DATA},{tags} {values} {seconds}")
    return lines


def overview_lines(cycle: str, rows: Iterable[OverviewRow]) -> list[str]:
    """Return a line for each index: the numbers of its overview row, and its status.

    >>> overview_lines("2026-11-18T05:30:00Z", [])
    []
    """
    seconds = int(parse_z(cycle).timestamp())
    lines: list[str] = []
    for row in sorted(rows, key=lambda row: str(row["underlying"])):
        cells: Mapping[str, object] = row
        fields: list[str] = []
        for column in _OVERVIEW_FIELDS:
            text = _number(cells.get(column.name), is_whole=column.kind in {"integer", "flags"})
            if text:
                fields.append(f"{column.name}={text}")
        fields.append(f'status="{row["status"]}"')
        index = _tag(str(row["underlying"]))
        lines.append(f"{OVERVIEW_DATA},index={index} {','.join(fields)} {seconds}")
    return lines


def cycle_lines(
    cycle: str, rows: Sequence[OverviewRow], elapsed_seconds: float | None = None
) -> list[str]:
    """Return the line of one cycle: how many units and options it has, and how long it took.

    Args:
        cycle: The cycle's name.
        rows: Its overview rows.
        elapsed_seconds: From its instant to its panels, None where nobody says so any more.

    >>> cycle_lines("2026-11-18T05:30:00Z", [], 0.25)
    []
    """
    if not rows:
        return []
    seconds = int(parse_z(cycle).timestamp())
    analysed = sum(Status(row["status"]) in ANALYSED for row in rows)
    options = {str(row["underlying"]): int(row["options"] or 0) for row in rows}
    fields = [f"cycle={seconds}i"]
    if elapsed_seconds is not None:
        fields.append(f"elapsed_seconds={elapsed_seconds:.6g}")
    fields.append(f"success_rate_pct={100 * analysed / len(rows):.6g}")
    fields.append(f"options_last_cycle={sum(options.values())}i")
    fields += [f"options_{_tag(index)}={count}i" for index, count in sorted(options.items())]
    return [f"{CYCLE_DATA} {','.join(fields)} {seconds}"]


def most_series(indices: int, buckets: int, below: int, above: int) -> int:
    """Return how many series a configuration can have, whatever happens on the market.

    Args:
        indices: Indices that are collected.
        buckets: Names of expiries that each is collected under.
        below: Strikes of the window below the money.
        above: Strikes above it.

    >>> most_series(6, 4, 10, 10)
    1015
    """
    options = indices * buckets * (below + 1 + above) * len(SIDE_PREFIXES)
    return options + indices + 1


def _buckets(first: str, mask: int) -> Iterator[str]:
    names = [bucket.value for bucket in Bucket if mask & bucket.bit]
    yield from names or [first]


def _present(columns: Iterable[Sequence[str]], row: int) -> list[str]:
    return [column[row] for column in columns if column[row]]


def _texts(frame: Frame, column: str, name: str) -> list[str]:
    """Return a field of each row as it is written, empty where its value is missing."""
    values = frame.columns[column].astype(np.float64).tolist()
    if name in _WHOLE:
        return [f"{name}={value:.0f}i" if isfinite(value) else "" for value in values]
    form = "%.7g" if name in _SHORT else "%.12g"
    return [f"{name}={form % value}" if isfinite(value) else "" for value in values]


def _number(value: object, *, is_whole: bool) -> str:
    """Return a number as it is written, empty for what is none."""
    if not isinstance(value, int | float) or isinstance(value, bool) or not isfinite(value):
        return ""
    return f"{value:.0f}i" if is_whole else f"{value:.12g}"


def _tag(text: str) -> str:
    return text.translate(_TAG_ESCAPES)
