"""The types of JSON at a door: what adapters read, and what reports are written as."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import TypeAlias

Json: TypeAlias = "bool | int | float | str | Sequence[Json] | Mapping[str, Json] | None"
"""A value that JSON can say."""

JsonObject: TypeAlias = dict[str, object]
"""An object that is about to be written as JSON."""

Document: TypeAlias = Mapping[str, object]
"""An object as it was read from JSON, of which nothing is known yet."""


def present(**fields: object) -> JsonObject:
    """Return the fields that say something: neither None nor an empty text, list or mapping.

    >>> present(options=0, left_out={}, error="", reason=None)
    {'options': 0}
    """
    return {
        name: value
        for name, value in fields.items()
        if value is not None and value not in ("", {}, [], ())
    }


def plain_fields(record: object) -> JsonObject:
    """Return the fields of a dataclass that holds plain values alone.

    >>> from g6.domain.schema.frame import Words
    >>> plain_fields(Words(codes=1, words="a"))
    {'codes': 1, 'words': 'a'}
    """
    # dataclasses.asdict copies every value deeply, which took a tenth of an analysis.
    every = fields(record)  # type: ignore[arg-type]
    return {field.name: getattr(record, field.name) for field in every}
