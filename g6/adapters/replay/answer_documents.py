"""Saved answers as objects: JSON, or what Python's repr makes of it, plain or gzipped.

Archives hold both, beside the HTML pages and empty files that a poll saved when the exchange's
site was busy.
"""

from __future__ import annotations

import ast
import codecs
import json
from pathlib import Path
from typing import Any

from g6.adapters.replay.unread import NotRead
from g6.errors import BadInput
from g6.packed_files import unpacked

_LONGEST = 300
"""Digits. A float holds 308, and Python refuses to parse integers of more than 4,300."""


def read_document(path: Path) -> Any:
    """Return the object in a file.

    Raises:
        NotRead: It holds none, with the line where one is to blame.
    """
    try:
        raw = unpacked(path)
        is_utf_16 = raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
        text = raw.decode("utf-16" if is_utf_16 else "utf-8-sig")
    except BadInput as error:
        raise NotRead(error.reason, "damaged") from error
    except UnicodeDecodeError as error:
        raise NotRead(f"cannot be read: {error}", "damaged") from error
    return parse_document(text)


def parse_document(text: str) -> Any:
    """Return the object that a text writes as JSON or as Python's repr.

    Raises:
        NotRead: It writes none.

    >>> parse_document("{'records': None}") == parse_document('{"records": null}')
    True
    """
    text = text.strip("\ufeff\0 \t\r\n")
    if not text:
        raise NotRead("is empty", "no_answer")
    if text[0] == "<":
        raise NotRead("is an HTML page, no answer", "no_answer")
    if text[0] not in "{['\"":
        raise NotRead(f"is no answer: it begins with {text[:20]!r}", "no_answer")
    try:
        document = json.loads(text, parse_int=_parse_integer)
    except RecursionError as error:
        raise NotRead("is nested too deeply to be an answer", "damaged") from error
    except json.JSONDecodeError as error:
        document = _parse_repr(text, error)
    return parse_document(document) if isinstance(document, str) else document


def _parse_integer(digits: str) -> int | float:
    return int(digits) if len(digits) <= _LONGEST else float(digits)


def _parse_repr(text: str, as_json: json.JSONDecodeError) -> Any:
    """Return the object of a Python repr.

    Raises:
        NotRead: It is none, with what the parser of JSON said.
    """
    try:
        return ast.literal_eval(text)
    except (SyntaxError, ValueError, TypeError, MemoryError, RecursionError):
        reason = f"is not whole JSON: {as_json.msg} at character {as_json.pos}"
        raise NotRead(reason, "damaged", as_json.lineno) from as_json
