"""What is told of this machine to who asks from elsewhere: no path of it, and no process.

hide_places("cannot write /home/who/g6/data/csv")     any text, mapping, list or dataclass of them

A path keeps its last name alone. An address of G6's own pages (`/v1/chain`) is no path.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from typing import TypeVar, cast

__all__ = ["HIDDEN", "hide_places"]

T = TypeVar("T")
HIDDEN = "…"
_OWN_PAGES = r"(?!/(?:v1|panels|events|static|ws)\b)"
# A word, a colon or another slash before it: a part of a fraction, an address or a relative path.
_BEFORE = r"(?<![\w.:/~<…-])"
_QUOTED = re.compile(rf"(?<=['\"]){_OWN_PAGES}/[^'\"\n]*/([^'\"/\n]+)/?(?=['\"])")
_WORD = r"[^\s/'\"(),;:<>?]+"
# A name may have blanks, up to the next slash. A word behind the last slash may be of the sentence.
_NAME = rf"{_WORD}(?: (?!-){_WORD}){{0,4}}"
_PLAIN = re.compile(rf"{_BEFORE}{_OWN_PAGES}(?:/{_NAME})+/({_WORD})/?")
_PROCESS = re.compile(r" \(process \d+\)|, process \d+\b")
_SCHEME = re.compile(r"\b(?:unix|file)://(?=/)")


def hide_places(value: T) -> T:
    """Return a value without paths and processes of this machine.

    >>> hide_places("cannot write /srv/g6/data/csv (process 12): see /v1/overview")
    'cannot write …/csv: see /v1/overview'
    >>> hide_places({"place": ["/srv/g6", "1/2 of http://host/a/b"]})
    {'place': ['…/g6', '1/2 of http://host/a/b']}
    """
    return cast("T", _hidden(value))


def _hidden(value: object) -> object:
    if isinstance(value, str):
        return _hidden_text(value)
    if isinstance(value, Mapping):
        return {name: _hidden(item) for name, item in value.items()}
    if isinstance(value, list | tuple) and not hasattr(value, "_fields"):
        return type(value)(_hidden(item) for item in value)
    if is_dataclass(value) and not isinstance(value, type):
        return _hidden_fields(value)
    return value


def _hidden_fields(value: object) -> object:
    """Return a dataclass, the very same where it names no place."""
    changed = {}
    for field in fields(value):  # type: ignore[arg-type]
        before = getattr(value, field.name)
        after = _hidden(before)
        if field.init and after != before:
            changed[field.name] = after
    return replace(value, **changed) if changed else value  # type: ignore[type-var]


def _hidden_text(text: str) -> str:
    if type(text) is not str:
        return text
    text = _SCHEME.sub("", _PROCESS.sub("", text))
    if "/" not in text:
        return text
    for pattern in (_QUOTED, _PLAIN):
        text = pattern.sub(rf"{HIDDEN}/\1", text)
    return text
