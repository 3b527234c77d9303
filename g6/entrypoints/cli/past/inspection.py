"""`g6 inspect`: what a stored snapshot holds, column by column."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import typer
from rich.box import SIMPLE_HEAD
from rich.table import Table

from g6.adapters.parquet.columns import chain_table
from g6.domain.cycles.cycle import isoformat_z
from g6.domain.pricing.quality import Flag
from g6.entrypoints.cli.shared import options, stored, terminal
from g6.errors import BadInput, UserError

Snapshot = Annotated[
    str,
    typer.Argument(
        metavar="SNAPSHOT", help="A Parquet file, NIFTY (its newest chain) or NIFTY@INSTANT."
    ),
]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("inspect")(inspect)


def inspect(
    snapshot: Snapshot,
    *,
    json_: options.Json = False,
    data_dir: options.DataDir = None,
    config: options.Config = None,
    set_: options.Set = None,
) -> None:
    """Show a snapshot's rows, and of each column its nulls, least and largest value; quality flags and IV statuses counted.

    Example: g6 inspect NIFTY@2026-11-18T05:30:00Z
    """
    settings = options.settings(config, set_, data_dir=data_dir)
    if snapshot.endswith(".parquet"):
        name, table = snapshot, _file(Path(snapshot))
    else:
        index, _, at = snapshot.partition("@")
        unit, frame = stored.latest(settings, index, stored.instant_of(at or None))
        name, table = f"{unit.index} {unit.cycle}", chain_table(frame)
    found = inspection(name, table)
    if json_:
        typer.echo(json.dumps(found))
        return
    console = terminal.console(settings)
    console.print(f"{name}: {found['rows']} rows, {len(found['columns'])} columns")
    console.print(_columns_table(found["columns"]))
    for what in ("flags", "statuses"):
        for side, counts in found[what].items():
            told = ", ".join(f"{word} {count}" for word, count in counts.items())
            console.print(f"{side} {what}: {told or 'none'}", soft_wrap=True)


def _file(path: Path) -> pa.Table:
    try:
        return pq.read_table(path, partitioning=None)
    except FileNotFoundError as error:
        raise UserError(
            f"there is no file {path}",
            "name a file, or an index and an instant: NIFTY@2026-11-18T05:30:00Z",
        ) from error
    except (OSError, pa.ArrowInvalid) as error:
        raise BadInput(path, None, f"not a whole Parquet file ({error})") from error


def inspection(name: str, table: pa.Table) -> dict[str, Any]:
    """Return counts, nulls, least and largest per column (JSON-able), quality flags and IV statuses by side."""
    columns = [_column(field.name, table.column(field.name)) for field in table.schema]
    return {
        "snapshot": name,
        "rows": table.num_rows,
        "columns": columns,
        "flags": {side: _flags(table, f"{side}_quality") for side in ("ce", "pe")},
        "statuses": {side: _words(table, f"{side}_iv_status") for side in ("ce", "pe")},
    }


def _column(name: str, values: pa.ChunkedArray) -> dict[str, Any]:
    kind = values.type
    if pa.types.is_dictionary(kind):
        values = values.cast(kind.value_type)
    known = values.drop_null()
    if pa.types.is_floating(values.type):
        known = known.filter(pc.invert(pc.is_nan(known)))
    extremes = pc.min_max(known).as_py() if len(known) else {"min": None, "max": None}
    distinct = pc.count_distinct(known).as_py()
    least, largest = (_plain(extremes[end]) for end in ("min", "max"))
    return {
        "name": name,
        "nulls": len(values) - len(known),
        "distinct": distinct,
        "min": least,
        "max": largest,
    }


def _plain(value: Any) -> Any:
    if hasattr(value, "isoformat"):
        return isoformat_z(value) if hasattr(value, "hour") else value.isoformat()
    return value


def _flags(table: pa.Table, name: str) -> dict[str, int]:
    if name not in table.column_names:
        return {}
    values = [value for value in table.column(name).to_pylist() if value is not None]
    counts = {
        flag.name.lower(): sum(bool(value & flag) for value in values) for flag in Flag if flag.name
    }
    return {word: count for word, count in counts.items() if count}


def _words(table: pa.Table, name: str) -> dict[str, int]:
    if name not in table.column_names:
        return {}
    counts = Counter(word or "not listed" for word in table.column(name).to_pylist())
    return dict(counts.most_common())


def _columns_table(columns: list[Mapping[str, Any]]) -> Table:
    table = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0), show_edge=False, pad_edge=False)
    table.add_column("column", no_wrap=True)
    for name in ("nulls", "distinct", "min", "max"):
        table.add_column(name, justify="right", no_wrap=True)
    for each in columns:
        table.add_row(
            each["name"],
            str(each["nulls"]),
            str(each["distinct"]),
            _short(each["min"]),
            _short(each["max"]),
        )
    return table


def _short(value: Any) -> str:
    if value is None:
        return "–"
    return f"{value:.6g}" if isinstance(value, float) else str(value)
