"""What a study is asked with: frozen dataclasses whose fields carry a sentence and bounds.

A field is `Annotated[TYPE, Parameter(...)]`. Doors read the metadata: the command line makes
options of it, the Python call a signature, the reference page a table.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import MISSING, dataclass, fields
from datetime import date, datetime, time
from pathlib import Path
from typing import Annotated, TypeVar, get_args, get_origin, get_type_hints

from g6.domain.cycles.cycle import isoformat_z
from g6.domain.market.calendar import day_of
from g6.domain.market.instants import MarketTime, instant_of_text, is_bare_clock
from g6.domain.schema.nearest import no_such
from g6.errors import BadConfig, UserError

__all__ = [
    "MORNING",
    "At",
    "Cycles",
    "Days",
    "Every",
    "Expiry",
    "Field",
    "FromDumps",
    "Index",
    "ListedAt",
    "OneExpiry",
    "Parameter",
    "cycle_name",
    "fields_of",
    "listing_instant",
    "made",
    "month_first",
    "numbers",
    "paths",
    "session_day",
    "words",
    "written",
]

MORNING = time(9, 15)
"""When both exchanges open, in India. Of a day alone what is listed is asked for then."""

DAY_WORDS = frozenset({"latest", "today", "yesterday"})
DAY_FORMS = "write it as 2026-11-20, 20 Nov, latest, today, yesterday or -3d"

P = TypeVar("P")


@dataclass(frozen=True, slots=True)
class Parameter:
    """Describes one parameter of a study.

    Attributes:
        sentence: What it means, as the option's help shows it.
        example: A value as a person writes it.
        least: The smallest value that is allowed, itself included.
        most: The largest value that is allowed, itself included.
        choices: The only words that are allowed.
        option: The option's name where it is not `--` and the field's name.
        also: Older names of the option.
        metavar: What the option's help shows in the value's place.
        read: Reads a value from text, or from what a Python caller passes.
        read_at: Likewise, of a value that may say `yesterday` or `-5m`.
        is_positional: Whether the command takes it as an argument.
    """

    sentence: str
    example: str = ""
    least: float | None = None
    most: float | None = None
    choices: tuple[str, ...] = ()
    option: str = ""
    also: tuple[str, ...] = ()
    metavar: str = ""
    read: Callable[[object], object] | None = None
    read_at: Callable[[object, MarketTime], object] | None = None
    is_positional: bool = False


@dataclass(frozen=True, slots=True)
class Field:
    """One parameter of a study. `default` is MISSING where the study cannot do without it."""

    name: str
    type: object
    default: object
    parameter: Parameter

    @property
    def is_required(self) -> bool:
        """Tell whether the study cannot be asked without it."""
        return self.default is MISSING

    @property
    def is_many(self) -> bool:
        """Tell whether the command takes any number of arguments for it."""
        return self.parameter.is_positional and get_origin(self.type) is tuple

    @property
    def option(self) -> str:
        """Return the name of its option on the command line."""
        return self.parameter.option or f"--{self.name.rstrip('_').replace('_', '-')}"


def fields_of(parameters: type) -> tuple[Field, ...]:
    """Return the parameters that a dataclass declares, in their order."""
    hints = get_type_hints(parameters, include_extras=True)
    return tuple(
        _field(field.name, hints[field.name], field.default) for field in fields(parameters)
    )


def _field(name: str, hint: object, default: object) -> Field:
    if get_origin(hint) is not Annotated:
        raise TypeError(f"{name} has no Parameter beside its type")
    kind, parameter = get_args(hint)
    return Field(name, kind, default, parameter)


def made(parameters: type[P], values: Mapping[str, object], at: MarketTime | None = None) -> P:
    """Return the parameters of these values, texts read and bounds checked.

    Args:
        parameters: Their dataclass.
        values: By name. Others than those of the dataclass are left alone.
        at: What instants such as `11:02` or `-5m` count from. None where no field is an instant.

    Raises:
        UserError: A value cannot be read, or lies outside its bounds.
    """
    declared = fields_of(parameters)
    dated = _dated(declared, values, at)
    read = {
        field.name: _value(field, dated[field.name], at)
        for field in declared
        if field.name in dated
    }
    return parameters(**read)


def _dated(
    declared: Sequence[Field], values: Mapping[str, object], at: MarketTime | None
) -> Mapping[str, object]:
    """Return the values, bare times with the day that is asked about.

    Counted from the newest day, `--from 2026-11-17 --to 2026-11-17 --at 11:02` hid nothing.

    Raises:
        UserError: A day cannot be read, or a bare time stands beside several days.
    """
    bare = {
        field.name: values[field.name]
        for field in declared
        if field.parameter.read_at is instant_of_text and is_bare_clock(values.get(field.name))
    }
    if not bare:
        return values
    days: list[object] = [
        _value(field, values.get(field.name), at)
        for field in declared
        if field.parameter.read_at is session_day
    ]
    day = next((day for day in days if day is not None), None)
    if day is None:
        return values
    if len(set(days)) > 1:
        text = next(iter(bare.values()))
        raise UserError(
            f"the time {text} names no day, and several are asked about",
            f"write it with its day: {day} {text}",
        )
    return {**values, **{name: f"{day} {str(text).strip()}" for name, text in bare.items()}}


def _value(field: Field, value: object, at: MarketTime | None) -> object:
    parameter = field.parameter
    if value is None:
        return () if field.is_many else None
    if parameter.read_at is not None:
        if at is None:
            raise TypeError(f"{field.name} is an instant, which counts from a clock")
        return parameter.read_at(value, at)
    if parameter.read is not None:
        return parameter.read(value)
    if parameter.choices and value not in parameter.choices:
        raise no_such(f"{field.option} choice", value, parameter.choices)
    if field.type in (int, float) and not isinstance(value, int | float):
        raise UserError(f"{field.name} {value!r} is not a number", f"write {parameter.example}")
    if isinstance(value, int | float):
        _check_bounds(field, value)
    return value


def _check_bounds(field: Field, value: float) -> None:
    least = field.parameter.least
    most = field.parameter.most
    if least is not None and value < least:
        raise UserError(f"{field.name} {value:g} is too small", f"write {least:g} or more")
    if most is not None and value > most:
        raise UserError(f"{field.name} {value:g} is too large", f"write {most:g} or less")


def written(value: object) -> str:
    """Write a value as a person writes it in an option.

    >>> written((24000.0, 24100.5)), written("close")
    ('24000,24100.5', 'close')
    """
    if isinstance(value, tuple):
        return ",".join(map(written, value))
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def numbers(what: str, example: str) -> Callable[[object], tuple[float, ...]]:
    """Return a reader of lists of numbers, from `24000,24100` or from a sequence.

    Args:
        what: What the numbers are, for the sentence of the error.
        example: A list as a person writes it.

    >>> numbers("strikes", "24000,24100")("24000,24100")
    (24000.0, 24100.0)
    """

    def read(value: object) -> tuple[float, ...]:
        members: Iterable[object] = value.split(",") if isinstance(value, str) else _members(value)
        try:
            return tuple(float(str(member)) for member in members)
        except ValueError as error:
            raise UserError(
                f"{what} {written(value)} is no list of numbers", f"write it as {example}"
            ) from error

    return read


def _members(value: object) -> Sequence[object]:
    return tuple(value) if isinstance(value, Iterable) else (value,)


def paths(value: object) -> tuple[Path, ...]:
    """Return the paths of one text or path, or of a sequence of them.

    >>> len(paths("lots.csv")), len(paths(["a.csv", "b.csv"]))
    (1, 2)
    """
    members = (value,) if isinstance(value, str | Path) else _members(value)
    return tuple(Path(str(member)) for member in members)


def words(value: object) -> tuple[str, ...]:
    """Return the words of a text, or of a sequence of texts.

    >>> words("search NIFTY"), words(["search", "NIFTY"])
    (('search', 'NIFTY'), ('search', 'NIFTY'))
    """
    members = (value,) if isinstance(value, str) else _members(value)
    return tuple(word for member in members for word in str(member).split())


def cycle_name(value: object, at: MarketTime) -> str:
    """Return an instant as cycles are named.

    Raises:
        UserError: The text is no instant.

    >>> noon = MarketTime.of(lambda: datetime.fromisoformat("2026-11-20T06:30:00Z"))
    >>> cycle_name("09:35", noon)
    '2026-11-20T04:05:00Z'
    """
    return isoformat_z(instant_of_text(value, at))


def listing_instant(value: object, at: MarketTime) -> datetime:
    """Return the instant of which a listing is asked. A day alone is its open.

    Raises:
        UserError: The text is no instant.

    >>> noon = MarketTime.of(lambda: datetime.fromisoformat("2026-11-20T06:30:00Z"))
    >>> listing_instant("2026-11-20", noon).isoformat()
    '2026-11-20T03:45:00+00:00'
    """
    return instant_of_text(value, at, opens=MORNING)


def session_day(value: object, at: MarketTime) -> date:
    """Return a session day, from text in any of the forms or from a date.

    Raises:
        UserError: The text is no day.
        NothingToDo: It says latest, and nothing is stored.

    >>> noon = MarketTime.of(lambda: datetime.fromisoformat("2026-11-20T06:30:00Z"))
    >>> session_day("yesterday", noon), session_day("18 Nov", noon)
    (datetime.date(2026, 11, 19), datetime.date(2026, 11, 18))
    """
    if isinstance(value, date):
        return value
    text = str(value).strip()
    if text.lower() in DAY_WORDS:
        return day_of(instant_of_text(text, at))
    try:
        # A clock says no day: `11:02` would be today whatever was meant.
        return day_of(instant_of_text("" if ":" in text else text, at))
    except UserError as error:
        raise UserError(f"{text!r} is no day", DAY_FORMS) from error


def month_first(value: object) -> date:
    """Return the first day of a month, from text or from a day of it.

    Raises:
        BadConfig: The text is no month.

    >>> month_first("2026-11")
    datetime.date(2026, 11, 1)
    """
    if isinstance(value, date):
        return value.replace(day=1)
    try:
        return date.fromisoformat(f"{value}-01")
    except ValueError as error:
        raise BadConfig(f"{str(value)!r} is no month", "write it as 2026-11") from error


Index = Annotated[
    str, Parameter("The index, such as NIFTY.", "NIFTY", metavar="INDEX", is_positional=True)
]
At = Annotated[
    datetime | None,
    Parameter(
        "Nothing observed later: 11:02, yesterday 15:20, -5m, … in India's time.",
        "2026-11-20 10:30",
        option="--at",
        also=("--as-of",),
        metavar="INSTANT",
        read_at=instant_of_text,
    ),
]
Expiry = Annotated[
    str | None,
    Parameter(
        "2026-11-23, 23 Nov, this_week, monthly, …; else the nearest.",
        "this_week",
        metavar="DATE|BUCKET",
        read=str,
    ),
]
OneExpiry = Annotated[
    str | None,
    Parameter(
        "2026-11-23, 23 Nov, this_week, monthly, …; else all of them.",
        "this_week",
        metavar="DATE|BUCKET",
        read=str,
    ),
]
Cycles = Annotated[int, Parameter("How many cycles to look back.", "60", least=1, metavar="N")]
Every = Annotated[
    int,
    Parameter("Show every Nth cycle, counted back from the last.", "5", least=1, metavar="N"),
]
Days = Annotated[
    int, Parameter("How many calendar days to look back.", "120", least=1, metavar="N")
]
ListedAt = Annotated[
    datetime | None,
    Parameter(
        "Answer for this day or market time, such as 2026-11-20 11:02.",
        "2026-11-20",
        option="--at",
        also=("--as-of",),
        metavar="DAY|INSTANT",
        read_at=listing_instant,
    ),
]
FromDumps = Annotated[
    bool, Parameter("Read the stored instrument dumps only, and ask no provider.", option="--kept")
]
