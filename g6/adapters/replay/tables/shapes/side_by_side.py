"""Tables with a call and a put in one row: each row becomes two."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from g6.adapters.replay.tables.shape_columns import CONTRACT, CONTRACT_SIDE, refuse_twins
from g6.adapters.replay.tables.shapes.shape import ShapedRows
from g6.domain.market.instrument import SIDES
from g6.domain.quotes.cells import NONE_WORDS, SIDE_WORDS

_WORDS = "ce|pe|call|put|calls|puts|c|p"
_BEFORE = re.compile(rf"({_WORDS})[ _.\-/]+(.+)", re.IGNORECASE)
_BEHIND = re.compile(rf"(.+?)[ _.\-/]+({_WORDS})", re.IGNORECASE)
_JOINED = re.compile(r"(CE|PE|ce|pe|Call|Put|call|put)(?=[A-Z])(.+)")
_BARE = re.compile(r"(ce|pe|call|put)", re.IGNORECASE)
_STEMS: Mapping[str, str] = {"": "ltp", "symbol": CONTRACT, "tradingsymbol": CONTRACT}
"""What the name of a side's column means once its side is taken off."""


@dataclass(frozen=True, slots=True)
class SideBySide:
    """Makes two rows of each: the calls first, then the puts.

    Attributes:
        shared: Columns that both sides have in common.
        columns: The column of each side by what is left of its name, "" for none.
    """

    shared: tuple[str, ...]
    columns: Mapping[str, tuple[str, str]]

    @property
    def names(self) -> Sequence[str]:
        """The names of the columns afterwards."""
        return (*self.shared, *self.columns, CONTRACT_SIDE)

    def apply(self, batch: ShapedRows) -> ShapedRows:
        """Return the batch with a row for each side that says anything."""
        tables = []
        numbers = []
        for side, word in enumerate(SIDES):
            columns = {name: batch.table.column(name) for name in self.shared}
            figures = []
            for stem, pair in self.columns.items():
                if pair[side]:
                    columns[stem] = batch.table.column(pair[side])
                    figures.append(columns[stem])
            columns[CONTRACT_SIDE] = pa.repeat(word, batch.table.num_rows)
            # A strike that lists one side has nothing in the columns of the other.
            is_there = _says_anything(figures, batch.table.num_rows)
            tables.append(pa.table(columns).filter(pa.array(is_there)))
            numbers.append(batch.number[is_there])
        table = pa.concat_tables(tables, promote_options="permissive")
        return ShapedRows(table, np.concatenate(numbers), batch.reasons)


def side_by_side(names: Sequence[str]) -> SideBySide | None:
    """Return how calls and puts stand beside each other in a table, None where they do not.

    Raises:
        Malformed: A figure of one side has two columns.
    """
    columns: dict[str, tuple[list[str], list[str]]] = {}
    shared: list[str] = []
    for name in names:
        stem, side = _split(name)
        if side is None:
            shared.append(name)
        else:
            columns.setdefault(_STEMS.get(stem.lower(), stem), ([], []))[side].append(name)
    if not any(all(pair) for pair in columns.values()):
        return None
    pairs: dict[str, tuple[str, str]] = {}
    for stem, (calls, puts) in columns.items():
        for word, twins in zip(SIDES, (calls, puts), strict=True):
            refuse_twins(f"{stem} of {word}", twins)
        pairs[stem] = ("".join(calls), "".join(puts))
    # A total beside the sides, such as oi beside ce_oi, is not of an option.
    own = {stem.lower() for stem in pairs}
    apart = tuple(name for name in shared if name.lower() not in own)
    return SideBySide(apart, pairs)


def _split(name: str) -> tuple[str, int | None]:
    """Return a name without the word for its side, and the side, None where it has none."""
    for pattern, stem, word in ((_BEFORE, 2, 1), (_BEHIND, 1, 2), (_JOINED, 2, 1)):
        if match := pattern.fullmatch(name.strip()):
            return match[stem], SIDE_WORDS[match[word].upper()]
    if match := _BARE.fullmatch(name.strip()):
        return "", SIDE_WORDS[match[1].upper()]
    return name, None


def _says_anything(columns: Sequence[pa.ChunkedArray], count: int) -> np.ndarray:
    there = np.zeros(count, dtype=np.bool_)
    blank = pa.array(sorted(NONE_WORDS))
    for column in columns:
        is_there = pc.is_valid(column)
        if pa.types.is_string(column.type):
            text = pc.utf8_lower(pc.utf8_trim_whitespace(column))
            is_there = pc.and_(is_there, pc.invert(pc.is_in(text, blank)))
        there |= pc.fill_null(is_there, False).to_numpy().astype(np.bool_)
    return there
