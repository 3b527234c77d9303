"""From JSON to the types that a dataclass declares: one reader for every report."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import MISSING, fields, is_dataclass
from datetime import date
from enum import Enum
from functools import cache
from types import MappingProxyType, NoneType, UnionType
from typing import Any, Literal, TypeVar, Union, cast, get_args, get_origin, get_type_hints

from g6.domain.schema.json_types import Document

__all__ = ["entries", "number", "numbers", "part", "read_record", "text", "whole"]

R = TypeVar("R")

_EMPTY: Document = MappingProxyType({})
_OF_NUMBERS = frozenset({int, float, NoneType})


def read_record(kind: type[R], document: Document, **read: object) -> R:
    """Return a dataclass of the values that a JSON object has under its fields' names.

    A field that is absent keeps its default, and so does one that is null without being declared
    so. Names that are no fields are passed over.

    Args:
        kind: The dataclass. The declared type of a field says how its value is read.
        document: The object.
        read: Fields that the caller has read.

    Raises:
        KeyError: A field without a default is absent.
        TypeError: A value is not of the declared type.
        ValueError: A word is not one of its enumeration, or a day is none.

    >>> from g6.domain.reports.job_reports import KindSize
    >>> read_record(KindSize, {"files": 2, "later": "a name of a later version"})
    KindSize(files=2, bytes=0)
    >>> read_record(KindSize, {"files": "two"})
    Traceback (most recent call last):
    TypeError: files is 'two', which is no int
    """
    hints = _hints(kind)  # type: ignore[arg-type]
    values = dict(read)
    for column in fields(kind):  # type: ignore[arg-type]
        name = column.name
        if name in read:
            continue
        has_default = column.default is not MISSING or column.default_factory is not MISSING
        hint = hints[name]
        if has_default and (
            name not in document or (document[name] is None and not _allows_none(hint))
        ):
            continue
        values[name] = _value(hint, document[name], name)
    return kind(**values)


def text(document: Document, name: str) -> str:
    """Return a text of a JSON object.

    Raises:
        KeyError: It is absent.
        TypeError: It is no text.

    >>> text({"cycle": "2026-11-18T05:30:00Z"}, "cycle")
    '2026-11-18T05:30:00Z'
    """
    return str(_value(str, document[name], name))


def number(document: Document, name: str) -> float:
    """Return a number of a JSON object.

    Raises:
        KeyError: It is absent.
        TypeError: It is no number.

    >>> number({"since": 12.5}, "since")
    12.5
    """
    value: float = _value(float, document[name], name)
    return value


def whole(document: Document, name: str) -> int:
    """Return a whole number of a JSON object.

    Raises:
        KeyError: It is absent.
        TypeError: It is no whole number.

    >>> whole({"options": 400}, "options")
    400
    """
    value: int = _value(int, document[name], name)
    return value


def numbers(document: Document, name: str) -> list[float | None]:
    """Return a list of numbers of a JSON object, None where one is unknown.

    Raises:
        KeyError: It is absent.
        TypeError: It is no list, or something else stands in it.

    >>> numbers({"strike": [26000, None]}, "strike")
    [26000, None]
    """
    values = document[name]
    # The strikes beyond a window are thousands a range: one by one they took 80 % of `g6 interest`.
    if isinstance(values, list) and _OF_NUMBERS.issuperset(map(type, values)):
        return values.copy()
    read: list[float | None] = _value(Sequence[float | None], values, name)
    return read


def entries(document: Document, name: str) -> Sequence[Document]:
    """Return a list of objects of a JSON object, an empty one where it is absent or null.

    Raises:
        TypeError: It is no list of objects.

    >>> entries({"rows": [{"underlying": "NIFTY"}]}, "rows")
    [{'underlying': 'NIFTY'}]
    """
    values = document.get(name) or []
    if not isinstance(values, Sequence) or not all(isinstance(each, Mapping) for each in values):
        raise _refusal(name, values, "list of objects")
    return values


def part(document: Document, name: str) -> Document:
    """Return an object inside a JSON object, an empty one where it is absent or null.

    Raises:
        TypeError: It is no object.

    >>> part({"data": {"cycle": "…"}}, "data")
    {'cycle': '…'}
    >>> len(part({}, "data"))
    0
    """
    value = document.get(name)
    if value is None:
        return _EMPTY
    if isinstance(value, Mapping):
        return value
    raise _refusal(name, value, "object")


@cache
def _hints(kind: Hashable) -> Mapping[str, object]:
    """Return the types that a dataclass declares, resolved once: it takes 0.1 ms a report."""
    # `Json` names itself, which no evaluation of hints comes to the end of: anything passes there.
    return get_type_hints(kind, localns={"Json": object})


def _allows_none(hint: object) -> bool:
    return get_origin(hint) in {Union, UnionType} and NoneType in get_args(hint)


def _value(hint: Any, value: Any, name: str) -> Any:
    """Return a value of JSON as a field of this type holds it."""
    origin = get_origin(hint)
    if origin is Literal:
        if value not in get_args(hint):
            raise _refusal(name, value, f"one of {', '.join(get_args(hint))}")
        return value
    if origin in {Union, UnionType}:
        if value is None and _allows_none(hint):
            return None
        (hint,) = (option for option in get_args(hint) if option is not NoneType)
        return _value(hint, value, name)
    if origin is Mapping:
        return _mapping(hint, value, name)
    if origin is Sequence:
        if not isinstance(value, Sequence) or isinstance(value, str):
            raise _refusal(name, value, "list")
        (item,) = get_args(hint)
        values = [_value(item, each, name) for each in value]
        return tuple(values) if is_dataclass(item) else values
    return _single(hint, value, name)


def _mapping(hint: object, value: object, name: str) -> dict[object, object]:
    if not isinstance(value, Mapping):
        raise _refusal(name, value, "object")
    key_hint, item_hint = get_args(hint)
    values: dict[object, object] = {}
    for key, item in value.items():
        values[_single(key_hint, key, name)] = _value(item_hint, item, f"{name}.{key}")
    return values


def _single(hint: Any, value: Any, name: str) -> Any:
    """Return one value: an object as its record, a word, a day, or what it is."""
    if hint is object:
        return value
    if is_dataclass(hint):
        if not isinstance(value, Mapping):
            raise _refusal(name, value, "object")
        read: Callable[[Document], object] | None = getattr(hint, "from_json", None)
        return read(value) if read else read_record(cast("type[object]", hint), value)
    if issubclass(hint, Enum):
        return hint(value)
    if hint is date:
        return date.fromisoformat(value)
    # A number stays as JSON has it: 0 written again as 0.0 would change a panel's bytes.
    kinds = (int, float) if hint is float else hint
    if not isinstance(value, kinds) or (isinstance(value, bool) and hint is not bool):
        raise _refusal(name, value, hint.__name__)
    return value


def _refusal(name: str, value: object, kind: str) -> TypeError:
    return TypeError(f"{name} is {value!r}, which is no {kind}")
