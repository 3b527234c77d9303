"""Instants as people write them: the one reader for options, parameters and Python calls."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from g6.domain.market.calendar import IST, day_of, in_utc
from g6.errors import UserError

__all__ = [
    "FORMS",
    "MarketTime",
    "clock_in_words",
    "instant_ends",
    "instant_in_words",
    "instant_of_days",
    "instant_of_text",
    "is_bare_clock",
    "with_indian_clocks",
    "without_hyphen",
]

FORMS = "write it as 11:02, yesterday 15:20, 2026-11-18 11:02, ISO with a zone, -5m or latest"
"""The forms, as errors name them."""
LATEST = "latest"
_SHOWN = 40
"""Characters of a text that is no instant in its error."""
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
_AGO = re.compile(r"[-−](\d+(?:\.\d+)?)\s*([smhd])", re.IGNORECASE)
_CLOCK = re.compile(
    r"(?:(today|yesterday)\b[ ,]*)?(?:(\d{1,2}:\d{2}(?::\d{2})?)(?: ?IST)?)?", re.IGNORECASE
)
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_ONE_DIGIT_HOUR = re.compile(r"(?<=^\d{4}-\d\d-\d\d[ T])(?=\d:)")
"""Where `2026-11-18 9:15` lacks the digit that ISO wants."""
_WRITTEN = re.compile(
    r"(?:[a-z]{3} )?(\d{1,2} [a-z]{3})(?: (\d{4}))?(?: (\d{1,2}:\d{2}(?::\d{2})?))?(?: IST)?",
    re.IGNORECASE,
)
"""As tables of G6 write an instant: `Wed 18 Nov 2026 11:02 IST`, or less of it."""
_UTC = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|\+00:00)")
"""As files, events and names of cycles have an instant."""
_IN_COMMAND = re.compile(r"(?:--[a-z-]+[ =]|g6 trace )['\"]?$")
"""What stands before an instant that is a value of a command, which is to be copied."""


@dataclass(frozen=True, slots=True)
class MarketTime:
    """What `11:02`, `yesterday` and `-5m` count from, and what `latest` means.

    Attributes:
        now: Return the market's instant: the wall's, or the newest one of a simulated market.
        latest: Return the newest stored cycle.
        wall: Return the wall's instant, from which lines of the log count.
    """

    now: Callable[[], datetime]
    latest: Callable[[], datetime]
    wall: Callable[[], datetime]

    @classmethod
    def of(cls, now: Callable[[], datetime]) -> MarketTime:
        """Return the time of one clock, where no directory says what is newest."""
        return cls(now, _none_stored, now)


def _none_stored() -> datetime:
    raise UserError("latest is of a data directory, and none is asked here", FORMS)


def without_hyphen(word: str) -> str:
    """Return `-5m` with the sign of minus, and any other word as it is.

    A hyphen at the beginning of a word is that of an option.

    >>> without_hyphen("-5m"), without_hyphen("-f")
    ('−5m', '-f')
    """
    return f"−{word[1:]}" if _AGO.fullmatch(word) else word


def instant_in_words(at: datetime) -> str:
    """Return an instant as sentences name it, with its day, in India's time.

    >>> instant_in_words(datetime.fromisoformat("2026-11-18T05:30:00Z"))
    'Wed 18 Nov 2026 11:00 IST'
    """
    local = at.astimezone(IST)
    return f"{local:%a %d %b %Y %H:%M:%S} IST".replace(":00 IST", " IST")


def clock_in_words(
    at: datetime, today: date | None = None, *, has_seconds: bool | None = None
) -> str:
    """Return an instant as a clock in India shows it, with the day where it is another.

    Args:
        at: The instant.
        today: The day that is named beside it. None where the day needs no word.
        has_seconds: Whether seconds are written. None for only where there are some.

    >>> clock_in_words(datetime.fromisoformat("2026-11-18T05:30:00Z"), today=date(2026, 11, 20))
    '18 Nov 11:00'
    """
    local = at.astimezone(IST)
    if has_seconds is None:
        has_seconds = bool(local.second)
    text = f"{local:%H:%M:%S}" if has_seconds else f"{local:%H:%M}"
    if today is None or today == local.date():
        return text
    year = "" if today.year == local.year else f" {local.year}"
    return f"{local:%d %b}{year} {text}"


def with_indian_clocks(text: str, today: date | None = None) -> str:
    """Return a text with its UTC instants as a clock in India shows them.

    Those in commands stay, as a command is copied.

    Args:
        text: A sentence.
        today: The day that needs no word. None names every day.

    >>> with_indian_clocks("2026-11-18T05:30:00Z is late", date(2026, 11, 18))
    '11:00 is late'
    """

    def written(instant: re.Match[str]) -> str:
        if _IN_COMMAND.search(text, 0, instant.start()):
            return instant[0]
        return clock_in_words(datetime.fromisoformat(instant[0]), today or date.min)

    return _UTC.sub(written, text)


def instant_of_text(value: object, at: MarketTime, *, opens: time = time()) -> datetime:
    """Return an instant in UTC, from text in any of the forms or from a datetime.

    A time without a zone is India's.

    Args:
        value: The text, or a datetime.
        at: What a text without a day counts from.
        opens: The time that a day alone stands for.

    Raises:
        UserError: The text is no instant.

    >>> noon = MarketTime.of(lambda: datetime.fromisoformat("2026-11-20T06:30:00Z"))
    >>> instant_of_text("2026-11-20 10:30", noon)
    datetime.datetime(2026, 11, 20, 5, 0, tzinfo=datetime.timezone.utc)
    >>> instant_of_text("yesterday 15:20", noon).isoformat()
    '2026-11-19T09:50:00+00:00'
    >>> instant_of_text("-5m", noon).isoformat()
    '2026-11-20T06:25:00+00:00'
    """
    try:
        if isinstance(value, datetime):
            return in_utc(value)
        if isinstance(value, date):
            return in_utc(datetime.combine(value, opens))
        return in_utc(_read(str(value).strip(), at, opens))
    except (ValueError, OverflowError) as error:
        raise UserError(f"{str(value)[:_SHOWN]!r} is no instant", FORMS) from error


def is_bare_clock(value: object) -> bool:
    """Tell whether a text is a time without a word about its day.

    >>> is_bare_clock("11:02"), is_bare_clock("today 11:02"), is_bare_clock("-5m")
    (True, False, False)
    """
    clock = _CLOCK.fullmatch(str(value).strip())
    return clock is not None and clock[1] is None and clock[2] is not None


def instant_of_days(value: object, at: MarketTime, first: date, last: date) -> datetime:
    """Return an instant that is asked about rows of some days. A bare time is of the one day.

    Counted from the newest day, `11:02` of an earlier day left out none of its rows: a test that
    must not look ahead did.

    Args:
        value: The text, or a datetime.
        at: What a text counts from that is no bare time.
        first: The first day that is asked about.
        last: The last one.

    Raises:
        UserError: The text is no instant, or a bare time where several days are asked about.

    >>> noon = MarketTime.of(lambda: datetime.fromisoformat("2026-11-20T06:30:00Z"))
    >>> instant_of_days("11:02", noon, date(2026, 11, 17), date(2026, 11, 17)).isoformat()
    '2026-11-17T05:32:00+00:00'
    """
    if not is_bare_clock(value):
        return instant_of_text(value, at)
    if first != last:
        raise UserError(
            f"the time {value} names no day, and {first} to {last} are asked for",
            f"write it with its day: {last} {value}",
        )
    return instant_of_text(value, MarketTime.of(lambda: datetime.combine(first, time(), IST)))


def instant_ends(first: object, last: object, at: MarketTime) -> tuple[datetime, datetime]:
    """Return both ends of a span. A bare time is of the day of the other end.

    Counted from the newest day, `2026-11-17 11:00` to `11:30` went on to the newest day.

    Raises:
        UserError: One is no instant.

    >>> noon = MarketTime.of(lambda: datetime.fromisoformat("2026-11-20T06:30:00Z"))
    >>> [str(end) for end in instant_ends("2026-11-17 11:00", "11:30", noon)]
    ['2026-11-17 05:30:00+00:00', '2026-11-17 06:00:00+00:00']
    """
    if is_bare_clock(first) and is_bare_clock(last):
        return instant_of_text(first, at), instant_of_text(last, at)
    if is_bare_clock(first):
        end = instant_of_text(last, at)
        return instant_of_days(first, at, day_of(end), day_of(end)), end
    begin = instant_of_text(first, at)
    return begin, instant_of_days(last, at, day_of(begin), day_of(begin))


def _read(text: str, at: MarketTime, opens: time) -> datetime:
    """Return the instant that a text says.

    Raises:
        ValueError: It says none.
    """
    if text.lower() in (LATEST, "now"):
        return at.latest() if text.lower() == LATEST else at.now()
    if ago := _AGO.fullmatch(text):
        return at.now() - timedelta(seconds=float(ago[1]) * _SECONDS[ago[2].lower()])
    if text and (clock := _CLOCK.fullmatch(text)):
        day = day_of(at.now())
        if (clock[1] or "").lower() == "yesterday":
            day -= timedelta(days=1)
        return datetime.combine(day, _time(clock[2], opens), IST)
    if _DAY.fullmatch(text):
        return datetime.combine(date.fromisoformat(text), opens, IST)
    if written := _WRITTEN.fullmatch(text):
        year = written[2] or str(day_of(at.now()).year)
        day = datetime.strptime(f"{written[1]} {year}", "%d %b %Y").replace(tzinfo=IST).date()
        return datetime.combine(day, _time(written[3], opens), IST)
    text = re.sub(r" ?IST$", "+05:30", text, flags=re.IGNORECASE)
    return datetime.fromisoformat(_ONE_DIGIT_HOUR.sub("0", text))


def _time(text: str | None, opens: time) -> time:
    return opens if text is None else time.fromisoformat(text.rjust(5, "0"))
