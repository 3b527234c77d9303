"""Fetches the exchange's daily file of participants where it publishes them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from http.client import HTTPException
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

from g6.adapters.exchange.participant_files import read_participants
from g6.domain.quotes.participants import ParticipantDay
from g6.errors import BadInput, Unavailable, UserError

__all__ = ["ADDRESS", "fetch_participants"]

ADDRESS = "https://nsearchives.nseindia.com/content/nsccl/fao_participant_oi_DDMMYYYY.csv"
"""Where NSE has them; DDMMYYYY stands for the day."""
_DAY_WORD = "DDMMYYYY"
_SECONDS = 20.0
_MOST_BYTES = 1 << 20
"""A file has 1 kB. More is something else."""
_MOVED = (
    "where the exchange has moved it, fetch it with a browser and name the file, or give its "
    f"address as --url https://…{_DAY_WORD}.csv"
)


def fetch_participants(day: date, address: str = ADDRESS) -> ParticipantDay:
    """Return the open interest by participant of a day, as the exchange publishes it.

    Raises:
        UserError: The address is none.
        Unavailable: Nothing answers there, or no file of that day.
    """
    if urlsplit(address).scheme not in ("http", "https") or _DAY_WORD not in address:
        raise UserError(f"{address!r} is no address of a day", f"write it as {ADDRESS}")
    url = address.replace(_DAY_WORD, f"{day:%d%m%Y}")
    raw = _content(url, day)
    with _downloaded(raw, day) as path:
        try:
            participants = read_participants(path)
        except BadInput as error:
            reason = f"{url} does not answer the file of {day}: it {error.reason}"
            raise Unavailable(reason, _MOVED) from error
    if participants.day != day:
        raise Unavailable(f"{url} answers the file of {participants.day}", _MOVED)
    return participants


def _content(url: str, day: date) -> bytes:
    # The exchange's archive answers nothing to clients that say no agent.
    headers = {"User-Agent": "Mozilla/5.0 (G6)", "Accept": "text/csv,*/*"}
    request = Request(url, headers=headers)  # noqa: S310 - the scheme is checked
    try:
        with urlopen(request, timeout=_SECONDS) as answer:  # noqa: S310 - the scheme is checked
            content: bytes = answer.read(_MOST_BYTES)
            return content
    except HTTPError as error:
        fix = f"files are published in the evening of a trading day; {_MOVED}"
        raise Unavailable(f"{url} answers {error.code}, and no file of {day}", fix) from error
    except (URLError, HTTPException, OSError) as error:
        reason = getattr(error, "reason", error)
        raise Unavailable(f"{url} cannot be reached: {reason}", _MOVED) from error


@contextmanager
def _downloaded(raw: bytes, day: date) -> Iterator[Path]:
    """Yield a file of the content, under the name that the exchange gives it."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / f"fao_participant_oi_{day:%d%m%Y}.csv"
        path.write_bytes(raw)
        yield path
