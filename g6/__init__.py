"""G6 collects whole option chains of Indian indices every cycle, prices them, and keeps them.

>>> import g6
>>> chain = g6.load("NIFTY", "2026-11-20")  # doctest: +SKIP
>>> pcr = g6.sql(  # doctest: +SKIP
...     "select timestamp, sum(pe_oi) / sum(ce_oi) from chain group by all"
... )
>>> g6.ask.interest("NIFTY", cycles=60)  # doctest: +SKIP
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from g6.entrypoints.python import ask as ask

    __version__: str

__all__ = ["__version__", "ask", "load", "sql"]

Day = str | date


def load(
    index: str | Sequence[str],
    day: Day | tuple[Day, Day],
    kind: Literal["chain", "overview", "instruments", "events"] = "chain",
    engine: Literal["pandas", "polars", "arrow", "duckdb"] = "pandas",
    *,
    columns: Sequence[str] | None = None,
    expiry: Day | Sequence[Day] | None = None,
    strike: float | tuple[float, float] | None = None,
    as_of: str | datetime | None = None,
    tz: str = "Asia/Kolkata",
    shape: Literal["wide", "long"] = "wide",
    data_dir: str | Path = "data/g6_data",
) -> Any:
    """Return stored rows of one or several indices over a session day (IST) or a range.

    Args:
        index: One name or several.
        day: A session day, or `(first, last)`, both included.
        kind: Which rows. Events that are of no index come with those of any.
        engine: What the answer is: a data frame, a table, or a relation.
        columns: Which columns, in their order.
        expiry: Only these expiries.
        strike: Only this strike, or an inclusive range.
        as_of: Rows that were observed later are left out. Text is an instant in any form that the
            commands take; without a zone it is India's.
        tz: The zone that instants are in.
        shape: `long` gives a row per option: columns without `ce_` and `pe_`, and `side`.
        data_dir: Where the rows are.

    Raises:
        NothingToDo: Nothing is stored. The sentence names the first and the last day there is.
        BadInput: A file is damaged, or there is no such column.
    """
    from g6.adapters.parquet.queries.load import Query, load_table, to_engine
    from g6.adapters.parquet.queries.market_time import directory_time
    from g6.domain.market.instants import instant_of_text

    directory = Path(data_dir)
    known_at = None if as_of is None else instant_of_text(as_of, directory_time(directory))
    query = Query.of(
        index,
        day,
        kind,
        columns=columns,
        expiry=expiry,
        strike=strike,
        as_of=known_at,
        tz=tz,
        shape=shape,
    )
    return to_engine(load_table(query, directory), engine)


def sql(
    query: str,
    engine: Literal["pandas", "polars", "arrow", "duckdb"] = "pandas",
    *,
    tz: str = "Asia/Kolkata",
    data_dir: str | Path = "data/g6_data",
) -> Any:
    """Return the answer of DuckDB to a query over the tables `chain`, `overview`, `instruments`.

    Columns are those of `load`, and `date`, the session's. Each row is there once however its day
    is folded.

    Args:
        query: SQL.
        engine: What the answer is.
        tz: The zone that instants are shown in.
        data_dir: Where the rows are.

    Raises:
        UserError: The query is wrong. The sentence is DuckDB's.
        Unavailable: DuckDB is not installed.
    """
    from g6.adapters.parquet.queries.sql import answer

    return answer(query, Path(data_dir), tz, engine)


def __getattr__(name: str) -> object:
    """Return `__version__` or `ask`, imported when somebody needs them.

    Reading package metadata costs more than the rest of this import, and `ask` imports the studies.
    """
    if name == "__version__":
        from importlib.metadata import version

        return version("g6")
    if name == "ask":
        from g6.entrypoints.python import ask

        return ask
    raise AttributeError(f"module 'g6' has no attribute {name!r}")
