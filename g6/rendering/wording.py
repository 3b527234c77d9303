"""The forms of numbers, instants, days, open interest and words on every screen.

A person reads India's time, numbers in groups of thousands, and open interest in lakh with the
word beside it. Files and JSON have UTC and units.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from math import isfinite, isnan

import numpy as np
from numpy.typing import NDArray

from g6.domain.cycles.cycle import parse_z
from g6.domain.documents.json_plain import DECIMALS
from g6.domain.market.calendar import IST, day_of
from g6.domain.market.instants import clock_in_words as clock

__all__ = [
    "CRORE",
    "LAKH",
    "WHOLE_CHAIN",
    "FigureWords",
    "around",
    "clock",
    "clocks",
    "countdown",
    "counted",
    "counts_in_words",
    "day_words",
    "figure_words",
    "heading",
    "in_india",
    "lacks_whole_chain",
    "lakh",
    "megabytes",
    "moment",
    "number",
    "percent",
    "points",
    "spelled",
    "strike_cell",
]

LAKH = 1e5
CRORE = 1e7
MINUTES_PER_HOUR = 60
_SECONDS_PER_MINUTE = 60


def number(value: float | None, places: int = 2, sign: bool = False) -> str:
    """Return a number with fixed places, a dash where there is none.

    A number that is zero after rounding has no sign. What lies halfway goes to the even digit, here
    as on the page in a browser.

    >>> number(24006.667), number(12.5, 1, sign=True), number(-0.001), number(None)
    ('24,006.67', '+12.5', '0.00', '–')
    >>> number(206.625), number(180.825 + 1e-9)
    ('206.62', '180.82')
    >>> number(206.85, 1) == number(206.85000000000002, 1)
    True
    """
    if value is None or isnan(value):
        return "–"
    # A live straddle of 206.85 was 206.8 and the same one stored, 206.85000000000002, 206.9: panels
    # are rounded to four decimals, so that every figure is rounded to them first.
    near = round(value, max(places, DECIMALS))
    text = f"{near:{'+' if sign else ''},.{places}f}"
    is_zero = not any(digit in text for digit in "123456789")
    return text.lstrip("+-") if is_zero else text


def percent(value: float | None) -> str:
    """Return a fraction as a percentage.

    >>> percent(0.0895)
    '8.9'
    """
    return "–" if value is None or isnan(value) else f"{round(100 * value, DECIMALS):.1f}"


def counts_in_words(counts: Mapping[str, object]) -> str:
    """Return names with their counts, as a sentence lists them.

    >>> counts_in_words({"NIFTY": 4, "SENSEX": 2})
    'NIFTY 4, SENSEX 2'
    """
    return ", ".join(f"{name} {count}" for name, count in counts.items())


def counted(count: int, what: str) -> str:
    """Return a count with what it counts.

    >>> counted(1, "cycle"), counted(1200, "cycle")
    ('1 cycle', '1,200 cycles')
    """
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def countdown(seconds: float) -> str:
    """Return seconds as hours and minutes.

    >>> countdown(65_100), countdown(720)
    ('18 h 05 min', '12 min')
    """
    hours, minutes = divmod(int(seconds // 60), MINUTES_PER_HOUR)
    return f"{hours} h {minutes:02d} min" if hours else f"{minutes} min"


def stale_words(seconds: float) -> str:
    """Return how much older a row is than the newest one of all, empty where it is as new.

    >>> stale_words(0.0), stale_words(15.0), stale_words(720.0)
    ('', 'STALE 15 s', 'STALE 12 min')
    """
    if not seconds:
        return ""
    is_short = seconds < _SECONDS_PER_MINUTE
    return f"STALE {seconds:.0f} s" if is_short else f"STALE {countdown(seconds)}"


def megabytes(size: float) -> str:
    """Write bytes as a person reads them: `79.5 GB`, `12.5 MB`, `7.1 kB`."""
    if size >= 1e9:
        return f"{size / 1e9:.1f} GB"
    return f"{size / 1e6:.1f} MB" if size >= 1e5 else f"{size / 1e3:.1f} kB"


def points(level: float | None) -> str:
    """Return a strike or another level, with decimals only where it has some.

    >>> points(24050.0), points(24050.5)
    ('24,050', '24,050.50')
    """
    if level is None or isnan(level):
        return "–"
    return number(level, 0 if float(level).is_integer() else 2)


def lakh(units: float | None, places: int = 2, sign: bool = False) -> str:
    """Return units in lakh. The word stands in the heading of the column.

    >>> lakh(1_590_000.0), lakh(-250.0, sign=True)
    ('15.90', '0.00')
    """
    return number(None if units is None else units / LAKH, places, sign)


def day_words(day: date, near: date | None = None) -> str:
    """Return a day as a person writes it, its year left out near a day that is named beside it.

    >>> day_words(date(2026, 11, 24)), day_words(date(2026, 11, 24), date(2026, 11, 18))
    ('Tue 24 Nov 2026', 'Tue 24 Nov')
    """
    return f"{day:%a %d %b}" if near and near.year == day.year else f"{day:%a %d %b %Y}"


def moment(at: datetime) -> str:
    """Return an instant with its day, in India's time, with seconds only where it has some.

    >>> moment(parse_z("2026-11-18T05:30:00Z"))
    'Wed 18 Nov 2026 11:00 IST'
    """
    return f"{day_words(day_of(at))} {clock(at)} IST"


def in_india(cycle: str) -> str:
    """Return a cycle's instant as a person in India reads it.

    >>> in_india("2026-11-18T05:30:01Z")
    'Wed 18 Nov 2026 11:00:01 IST'
    """
    return moment(parse_z(cycle))


def clocks(instants: Iterable[datetime], today: date | None = None) -> list[str]:
    """Return instants as the lines of one column: all with their day, or none.

    Args:
        instants: The lines.
        today: The day that is named above the column. None for that of the last line.

    >>> clocks([parse_z("2026-11-18T05:30:00Z"), parse_z("2026-11-18T05:30:30Z")])
    ['11:00:00', '11:00:30']
    """
    lines = list(instants)
    if not lines:
        return []
    has_seconds = any(at.second for at in lines)
    day = today or day_of(lines[-1])
    if all(day_of(at) == day for at in lines):
        return [clock(at, has_seconds=has_seconds) for at in lines]
    is_of_one_year = all(day_of(at).year == day.year for at in lines)
    form = "%d %b" if is_of_one_year else "%d %b %Y"
    return [f"{at.astimezone(IST):{form}} {clock(at, has_seconds=has_seconds)}" for at in lines]


def heading(index: str, what: str, cycle: str) -> str:
    """Return the title of a picture: what it shows, of which index and when."""
    return f"{index} {what} · {in_india(cycle)}"


def spelled(word: str) -> str:
    """Return a word of a column as a person writes it, a dash for none.

    >>> spelled("long_build_up")
    'long build-up'
    """
    return word.replace("_", " ").replace("build up", "build-up") or "–"


WHOLE_CHAIN = (
    "– of PCR, max pain, support, resistance: the open interest of some strikes is not known;\n"
    "at intervals below 30 s it is asked for a few strikes a cycle, all within a minute"
)
"""Why figures of the whole chain are unknown in the first cycles of a window."""


def lacks_whole_chain(pcr: float | None, atm: float | None) -> bool:
    """Tell whether an index was priced and its figures of the whole chain are unknown.

    >>> lacks_whole_chain(float("nan"), 24_000.0), lacks_whole_chain(0.9, 24_000.0)
    (True, False)
    """
    is_known = pcr is not None and isfinite(pcr)
    return not is_known and atm is not None and isfinite(atm)


def strike_cell(strike: float, *, is_centre: bool) -> str:
    """Return a strike for the middle column of a chain, the one at the money between arrows."""
    return f"▶ {points(strike)} ◀" if is_centre else points(strike)


def around(offset: NDArray[np.float64] | Sequence[float]) -> int:
    """Return the row at the money: the least offset, the middle one where no offset is known."""
    # Without a forward there is no ATM, and every offset is NaN: argmin of that raises.
    distance = np.abs(np.asarray(offset, dtype=np.float64))
    return int(np.nanargmin(distance)) if np.isfinite(distance).any() else len(distance) // 2


_FIGURES: Mapping[str, str] = {
    "spot": "index",
    "spot_age_seconds": "age of the index",
    "open": "day's open",
    "high": "day's high",
    "low": "day's low",
    "prev_close": "previous close",
    "change_pct": "change since the previous close",
    "future": "nearest future",
    "basis": "future − index",
    "vix": "India VIX",
    "forward": "forward",
    "forward_spread": "spread of the forward",
    "atm": "ATM",
    "atm_spot": "ATM by the index",
    "pcr": "PCR of OI",
    "pcr_window": "PCR of OI over the strike window",
    "pcr_volume": "PCR of volume",
    "oi_strikes": "strikes with known OI",
    "max_pain": "max pain",
    "support": "support (most put OI)",
    "resistance": "resistance (most call OI)",
    "oi_calls": "OI of calls",
    "oi_puts": "OI of puts",
    "atm_iv": "ATM IV",
    "straddle": "ATM straddle",
    "em_sd": "move to expiry, one σ",
    "em_straddle": "move to expiry by the straddle",
    "rr25": "risk reversal 25Δ",
    "bf25": "butterfly 25Δ",
    "day_width": "day's range",
    "expiries_expected": "expiries wanted",
    "expiries_collected": "expiries collected",
    "options": "options with a quote",
    "rejected": "options missing or refused",
    "iv_ok": "options with an IV",
    "iv_unavailable": "options without an IV to find",
    "iv_failed": "options that the solver failed on",
    "oi_age_seconds": "age of the OI",
    "quote_age_seconds": "age of the quotes",
}
"""By the column, the expiry that ends it left out."""
_EXPIRIES: Mapping[str, str] = {
    "_nearest": "nearest expiry",
    "_this_week": "this week",
    "_next_week": "next week",
    "_this_month": "this month",
    "_next_month": "next month",
}
_SHOWN_UNITS: Mapping[str, tuple[str, float]] = {
    "units": ("lakh units", 1 / LAKH),
    "fraction per √year": ("%", 100.0),
    "ratio": ("puts over calls", 1.0),
}
"""Units that a person reads otherwise than files have them, and how many make one."""


@dataclass(frozen=True, slots=True)
class FigureWords:
    """A figure for a person.

    Attributes:
        name: Its name, with the expiry that it is of.
        unit: The unit that is shown, empty where it has none.
        factor: How many of that unit one of the stored unit is.
    """

    name: str
    unit: str
    factor: float


def figure_words(column: str, unit: str) -> FigureWords:
    """Return a column of the overview in words.

    Args:
        column: Its name.
        unit: Its unit, as its contract has it.

    >>> figure_words("straddle_nearest", "points")
    FigureWords(name='ATM straddle, nearest expiry', unit='points', factor=1.0)
    >>> figure_words("atm_iv_this_week", "fraction per √year").unit
    '%'
    """
    name = column
    expiry = ""
    for ending, words in _EXPIRIES.items():
        if column.endswith(ending):
            name = column.removesuffix(ending)
            expiry = words
    shown, factor = _SHOWN_UNITS.get(unit, (unit, 1.0))
    parts = filter(None, (_FIGURES.get(name) or spelled(name), expiry))
    return FigureWords(", ".join(parts), shown, factor)
