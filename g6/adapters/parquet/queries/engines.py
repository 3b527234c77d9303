"""A table as pandas, polars, DuckDB or Arrow has it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Literal, TypeAlias

import pyarrow as pa

from g6.adapters.parquet.queries.choices import one_of
from g6.errors.extras import is_installed, optional

if TYPE_CHECKING:
    import duckdb
    import pandas as pd
    import polars as pl

    EngineFrame: TypeAlias = pd.DataFrame | pl.DataFrame | pa.Table
    EngineAnswer: TypeAlias = EngineFrame | duckdb.DuckDBPyRelation

CERTIFICATES = b"g6.certificates"
"""What the metadata of a table calls the certificates of its days, a JSON list."""
Engine = Literal["auto", "pandas", "polars", "arrow", "duckdb"]
ENGINES: tuple[Engine, ...] = ("auto", "pandas", "polars", "arrow", "duckdb")
"""What a table can be given as. `auto` is the first of pandas and polars that is installed."""


def engine_in_force(engine: str) -> str:
    """Return the engine that `auto` comes to: pandas, polars or Arrow, the first installed.

    Raises:
        UserError: There is no such engine.
    """
    one_of("engine", engine, ENGINES)
    if engine != "auto":
        return engine
    for library in ("pandas", "polars"):
        if is_installed(library):
            return library
    return "arrow"


def to_engine(table: pa.Table, engine: str) -> EngineAnswer:
    """Return the table as an engine has it.

    Raises:
        UserError: There is no such engine.
        Unavailable: The library is not installed. The sentence has the line that installs it.
    """
    engine = engine_in_force(engine)
    if engine == "arrow":
        return table
    with optional():
        if engine == "polars":
            import polars as pl

            frame = pl.from_arrow(table)
            return frame if isinstance(frame, pl.DataFrame) else frame.to_frame()
        if engine == "duckdb":
            import duckdb

            return duckdb.from_arrow(table)
        import pandas as pd  # noqa: F401 - Arrow needs it and says so less plainly

        rows = table.unify_dictionaries().to_pandas(date_as_object=False)
        if certificates := (table.schema.metadata or {}).get(CERTIFICATES):
            rows.attrs["certificates"] = json.loads(certificates)
        return rows
