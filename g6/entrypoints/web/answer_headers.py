"""An answer with what it says of itself in its head: its tag, its instants, whose rows it is."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime

from fastapi import Request
from fastapi.responses import Response

from g6.studies.parameters import written

__all__ = ["WebAnswer", "answer_headers", "has_tag", "tag_of"]


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
    about: Mapping[str, object], observed_at: datetime | None, tag: str, certificate: str = ""
) -> dict[str, str]:
    """Return the headers of an answer.

    Args:
        about: What every form of the answer says of it.
        observed_at: When the last of its rows was known, None where it is of no rows.
        tag: Its entity tag.
        certificate: Day, version and root of the certificate of the day of its rows. It comes
            after the day is compacted, so that it is no part of the answer.
    """
    headers = {"ETag": tag, "Cache-Control": "no-cache"}
    for name, value in about.items():
        if value is not None and value != "":
            words = str(value).lower() if isinstance(value, bool) else written(value)
            headers[f"G6-{name.replace('_', '-').title()}"] = words
    if certificate:
        headers["G6-Certificate"] = certificate
    if observed_at is not None:
        headers["Last-Modified"] = format_datetime(observed_at, usegmt=True)
    return headers


@dataclass(frozen=True, slots=True)
class WebAnswer:
    """An answer before it is written: every route of rows makes its heads here.

    Attributes:
        about: What every form of the answer says of it. Each fact is a header, `G6-` before it.
        observed_at: When the last of its rows was known, None where it is of no rows.
        identity: The answer without the instant at which it was asked.
        certificate: What names the certificate of the day of its rows, empty without one.
    """

    about: Mapping[str, object]
    observed_at: datetime | None
    identity: bytes
    certificate: str = ""

    def response(self, request: Request, media: str, body: Callable[[], bytes]) -> Response:
        """Return the answer, or that the client has it already.

        Args:
            request: What was asked.
            media: The media type of the form.
            body: Writes the form, where it is sent.
        """
        tag = tag_of(self.identity)
        headers = answer_headers(self.about, self.observed_at, tag, self.certificate)
        if has_tag(request, tag):
            return Response(None, 304, headers)
        return Response(body(), 200, headers, media)
