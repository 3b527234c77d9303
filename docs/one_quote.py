"""The way of one quote from the socket to a panel: the functions it passes, in their order, for one page.

`tests/integration/test_one_quote.py` sends a quote this way and compares the order of the calls.
"""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

from g6.adapters.kite.ticker import stream_frames, tick_board
from g6.adapters.redis import quote_cache
from g6.adapters.wrapping import stream_rows, streamed
from g6.domain.documents import panels
from g6.domain.figures import overview
from g6.domain.pricing import assembly, volatility
from g6.pipeline import closing, gathering, stages

ROOT = Path(__file__).resolve().parent.parent
BEGIN = "<!-- one quote: written by `make docs` from docs/one_quote.py -->"
END = "<!-- one quote: end -->"

WAY: tuple[tuple[Callable[..., Any], str], ...] = (
    (
        tick_board.TickBoard.read,
        "184 bytes of a frame of the stream, with the time at which it came",
    ),
    (stream_frames.split, "one packet among those of its length, big-endian, prices in paise"),
    (tick_board.TickBoard.take, "a row of the board: points, units, epoch seconds"),
    (quote_cache.RedisQuoteCache.put, "one field of the index's hash in Redis, under its symbol"),
    (stages.collect, "part of a unit: the worker claims the index's cycle in the ledger"),
    (gathering.gather, "one of the contracts that this cycle asks for"),
    (streamed.Streamed.quotes, "fresh or stale, by the sign of life of its connection"),
    (stream_rows.unpack, "one element of arrays `(2, n)`: side and strike"),
    (stages.analyse, "a column of the frame `quotes`, read by another worker"),
    (assembly.assemble, "a believed price or a flagged one; its expiry has a forward"),
    (volatility.volatility, "an implied volatility, or the reason why there is none"),
    (overview.summarise, "a part of its expiry's figures, in the overview row of its index"),
    (closing.aggregate, "in the cycle's rows, once every index of the cycle has ended"),
    (panels.build, "in the panels that screens and the web server show"),
)
"""Each function, and what the quote is when it arrives there."""


def page(text: str) -> str:
    """Return the architecture page `text` with the way of one quote written anew."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    lines = sum(code_lines(function) for function, _ in WAY)
    head = f"{len(WAY)} functions, {lines} lines of code."
    rows = [f"| {n} | {_link(function)} | {quote} |" for n, (function, quote) in enumerate(WAY, 1)]
    table = "\n".join(["| | function | what the quote is there |", "|---|---|---|", *rows])
    return f"{before}{BEGIN}\n\n{head}\n\n{table}\n\n{END}{after}"


def code_lines(function: Callable[..., Any]) -> int:
    """Return how many lines a function has without its docstring and blank lines."""
    source = textwrap.dedent(inspect.getsource(inspect.unwrap(function)))
    definition = ast.parse(source).body[0]
    first = definition.body[0]  # type: ignore[attr-defined]
    docstring = (
        range(first.lineno, (first.end_lineno or 0) + 1) if ast.get_docstring(definition) else ()
    )  # type: ignore[arg-type]
    lines = enumerate(source.splitlines(), 1)
    return sum(1 for number, line in lines if line.strip() and number not in docstring)


def _link(function: Callable[..., Any]) -> str:
    path = Path(inspect.getsourcefile(inspect.unwrap(function)) or "").resolve().relative_to(ROOT)
    return f"[`{function.__qualname__}`](../{path.as_posix()})"
