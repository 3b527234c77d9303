"""What an answer says of itself in its head: its tag, its instants, whose rows it is."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime
from email.utils import format_datetime

from fastapi import Request

from g6.studies.parameters import written

__all__ = ["answer_headers", "has_tag", "tag_of"]


def tag_of(identity: bytes) -> str:
    """Return the entity tag of an answer without the instant at which it was asked.

    >>> tag_of(b"{}")
    '"44136fa355b3678a1146ad16f7e8649e"'
    """
    return f'"{hashlib.sha256(identity).hexdigest()[:32]}"'


def has_tag(request: Request, tag: str) -> bool:
    """Tell whether the client has the answer with this tag."""
    header = request.headers.get("if-none-match", "")
    return tag in [sent.strip().removeprefix("W/") for sent in header.split(",")]


def answer_headers(
    about: Mapping[str, object], observed_at: datetime | None, tag: str
) -> dict[str, str]:
    """Return the headers of an answer.

    Args:
        about: What every form of the answer says of it.
        observed_at: When the last of its rows was known, None where it is of no rows.
        tag: Its entity tag.
    """
    headers = {"ETag": tag, "Cache-Control": "no-cache"}
    for name, value in about.items():
        if value is not None and value != "":
            words = str(value).lower() if isinstance(value, bool) else written(value)
            headers[f"G6-{name.replace('_', '-').title()}"] = words
    if observed_at is not None:
        headers["Last-Modified"] = format_datetime(observed_at, usegmt=True)
    return headers
