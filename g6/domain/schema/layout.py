"""Where everything that is stored stays: the only knowledge of kinds, directories and file names.

Below a data directory:

    chain/underlying=NIFTY/date=2026-11-20/034500Z.parquet
    overview/date=2026-11-20/034500Z.parquet
    instruments/date=2026-11-20/NFO.parquet
    events/date=2026-11-20/day.parquet

Below a directory of CSV files, and below one of panels:

    NIFTY/this_week/-1/2026-11-20.csv
    overview/NIFTY/2026-11-20.csv
    index_NIFTY.json, manifest.json

Days are session days of IST, times in names are UTC. Every path is relative and uses `/`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Literal, TypeAlias

__all__ = [
    "ANY_DAY",
    "ANY_INDEX",
    "COLD_FILE",
    "DAY_FILE",
    "KIND_OF_ROWS",
    "MANIFEST",
    "NEWEST_CERTIFICATES",
    "OWNER_FILE",
    "PART_NAME",
    "PRUNABLE",
    "RECOMPUTE_JOURNAL",
    "ROWS_FILES",
    "ROWS_SUFFIX",
    "SEGMENT_NAME",
    "SWEPT_UNTIL",
    "TOKEN_FILE",
    "CsvPlace",
    "Folder",
    "Kind",
    "LoadedKind",
    "certificate_file",
    "certificate_source_file",
    "certified_name",
    "csv_chain_file",
    "csv_overview_file",
    "csv_place",
    "day_folder",
    "day_name",
    "folder",
    "listing_file",
    "offset_name",
    "panel_file",
    "panel_name",
    "parse_certificate_version",
    "parse_day_name",
    "parse_index_name",
    "part_name",
    "segment_name",
]


class Kind(StrEnum):
    """A kind of stored rows, named as its directory is."""

    CHAIN = "chain"
    OVERVIEW = "overview"
    INSTRUMENTS = "instruments"
    EVENTS = "events"
    CSV = "csv"


class Folder(StrEnum):
    """A folder of a data directory that holds no kind of stored rows."""

    PANELS = "panels"
    CERTIFICATES = "certificates"
    """What each compacted day holds and lacks, as `date=DAY/vN.json`."""
    CONFIGS = "configs"
    """The configurations that wrote rows, each as `ID.json`."""
    DUMPS = "dumps"
    """Instrument dumps as they were downloaded."""
    LAYOUTS = "layouts"
    """How tables of others were read."""
    COMPARISONS = "comparisons"
    """How stored days agree with the exchange's end-of-day files, a document a day."""
    QUALITY = "quality"
    """What the checks of data quality say of each compacted day, a document a day."""
    PARTICIPANTS = "participants"
    """Open interest by participant, a document a day."""
    LOGS = "logs"
    OBSERVERS = "observers"
    """What Prometheus and Alertmanager are started with."""
    CANDLES = ".candles"
    """Minute candles of a day that is not repaired yet."""
    REDIS = ".broker"
    """The Redis that a system starts for itself."""
    OUTBOX = ".outbox"
    """What was stored and is not sent to a server of time series yet."""
    RUNNING = ".running"
    """The processes that a supervisor has started."""


LoadedKind: TypeAlias = Literal["chain", "overview", "instruments", "events"]
"""What `g6.load` reads, as its argument spells it and a type checker knows it."""
PRUNABLE = (Kind.CHAIN, Kind.OVERVIEW, Kind.EVENTS, Kind.CSV)
"""What may be pruned. Instruments are not: expired contracts can never be asked for again."""

ROWS_SUFFIX = ".parquet"
ROWS_FILES = f"[!.]*{ROWS_SUFFIX}"
"""What files of rows are called, for a search. One that is being written begins with a dot."""
DAY_FILE = f"day{ROWS_SUFFIX}"
COLD_FILE = "day.cold"
"""The note that stands for a day's file which lies in a cold place."""
PART_NAME = re.compile(r"(\d{6}(?:\.\d{6})?)Z\.parquet")
SEGMENT_NAME = re.compile(r"(\d{6})Z-(\d{6})Z\.parquet")
MANIFEST = "manifest.json"
NEWEST_CERTIFICATES = f"{Folder.CERTIFICATES}/newest.json"
"""The list of the newest certificate of each day."""
LIST_MADE_ANEW = f"{Folder.CERTIFICATES}/newest.made-anew"
"""When that list was missing where certificates are signed, and was made of what was there."""
KIND_OF_ROWS = ".kind"
"""The file that says of which kind of market the rows are: live, sim or replay."""
SWEPT_UNTIL = ".swept"
"""The file that holds the instant up to which everything that was due is stored."""
OWNER_FILE = ".owner.json"
TOKEN_FILE = ".token"  # noqa: S105 - a name
RECOMPUTE_JOURNAL = ".recompute.json"
_INDEX_KEY = "underlying="
_DAY_KEY = "date="
ANY_INDEX = f"{_INDEX_KEY}*"
ANY_DAY = f"{_DAY_KEY}*"
"""What directories of indices and of days are called, for a search."""
_PANEL_SUFFIX = ".json"
_CERTIFICATE_NAME = re.compile(r"v([1-9]\d*)\.json")
_CSV_NAME = re.compile(r"(\d{4}-\d{2}-\d{2})\.csv")


def folder(kind: Kind, index: str = "") -> str:
    """Return where the days of a kind stay.

    Args:
        kind: What is stored.
        index: Whose chains. Other kinds hold all indices together.

    >>> folder(Kind.CHAIN, "NIFTY"), folder(Kind.OVERVIEW)
    ('chain/underlying=NIFTY', 'overview')
    """
    return f"{kind}/{_INDEX_KEY}{index}" if kind is Kind.CHAIN and index else str(kind)


def day_name(day: date) -> str:
    """Return the name of a day's directory.

    >>> day_name(date(2026, 11, 20))
    'date=2026-11-20'
    """
    return f"{_DAY_KEY}{day.isoformat()}"


def day_folder(kind: Kind, day: date, index: str = "") -> str:
    """Return the directory of one day of a kind.

    >>> day_folder(Kind.CHAIN, date(2026, 11, 20), "NIFTY")
    'chain/underlying=NIFTY/date=2026-11-20'
    """
    return f"{folder(kind, index)}/{day_name(day)}"


def parse_day_name(name: str) -> date | None:
    """Return the day of a directory's name, None when it is something else.

    >>> parse_day_name("date=2026-11-20"), parse_day_name("lost+found")
    (datetime.date(2026, 11, 20), None)
    """
    return _date(name.removeprefix(_DAY_KEY)) if name.startswith(_DAY_KEY) else None


def parse_index_name(name: str) -> str | None:
    """Return the index of a directory's name, None when it is something else.

    >>> parse_index_name("underlying=NIFTY"), parse_index_name("overview")
    ('NIFTY', None)
    """
    return name.removeprefix(_INDEX_KEY) if name.startswith(_INDEX_KEY) else None


def part_name(instant: datetime) -> str:
    """Return the name of the part of one cycle, in the directory of its session day.

    >>> part_name(datetime(2026, 11, 20, 3, 45, tzinfo=UTC))
    '034500Z.parquet'
    """
    return f"{_clock(instant)}{ROWS_SUFFIX}"


def segment_name(first: datetime, end: datetime) -> str:
    """Return the name of the segment that holds the cycles from `first` to before `end`.

    >>> quarter = datetime(2026, 11, 20, 3, 45, tzinfo=UTC)
    >>> segment_name(quarter, quarter.replace(hour=4, minute=0))
    '034500Z-040000Z.parquet'
    """
    return f"{_clock(first)}-{_clock(end)}{ROWS_SUFFIX}"


def certificate_file(day: date, version: int) -> str:
    """Return where one version of a day's certificate stays.

    >>> certificate_file(date(2026, 11, 20), 1)
    'certificates/date=2026-11-20/v1.json'
    """
    return f"{Folder.CERTIFICATES}/{day_name(day)}/v{version}.json"


def certificate_source_file(day: date) -> str:
    """Return where a replayed day says of which certified day it was made.

    >>> certificate_source_file(date(2026, 11, 20))
    'certificates/date=2026-11-20/source.json'
    """
    return f"{Folder.CERTIFICATES}/{day_name(day)}/source.json"


def parse_certificate_version(name: str) -> int | None:
    """Return the version of a certificate's file name, None when it is something else.

    >>> parse_certificate_version("v2.json"), parse_certificate_version("notes.json")
    (2, None)
    """
    match = _CERTIFICATE_NAME.fullmatch(name)
    return int(match[1]) if match else None


def certified_name(path: str) -> str:
    """Return whose rows a file of a day is: an index, `overview` or `instruments`.

    Args:
        path: Relative to the data directory.

    >>> certified_name("chain/underlying=NIFTY/date=2026-11-20/day.parquet")
    'NIFTY'
    >>> certified_name("overview/date=2026-11-20/day.parquet")
    'overview'
    """
    parts = path.split("/")
    return parse_index_name(parts[1]) or parts[0]


def listing_file(exchange: str) -> str:
    """Return the name of an exchange's kept listing.

    >>> listing_file("NFO")
    'NFO.parquet'
    """
    return f"{exchange}{ROWS_SUFFIX}"


def offset_name(offset: int) -> str:
    """Return how an offset is written in paths and files.

    Args:
        offset: Listed strikes from ATM.

    >>> offset_name(-1), offset_name(0), offset_name(1)
    ('-1', '0', '+1')
    """
    return f"{offset:+d}" if offset else "0"


def csv_chain_file(index: str, bucket: str, offset: int, day: date) -> str:
    """Return the CSV file of one bucket and offset of an index on a day.

    >>> csv_chain_file("NIFTY", "this_week", 1, date(2026, 11, 20))
    'NIFTY/this_week/+1/2026-11-20.csv'
    """
    return f"{index}/{bucket}/{offset_name(offset)}/{day.isoformat()}.csv"


def csv_overview_file(index: str, day: date) -> str:
    """Return the CSV file of an index's overview lines of a day.

    >>> csv_overview_file("NIFTY", date(2026, 11, 20))
    'overview/NIFTY/2026-11-20.csv'
    """
    return f"{Kind.OVERVIEW}/{index}/{day.isoformat()}.csv"


@dataclass(frozen=True, slots=True)
class CsvPlace:
    """What the path of a CSV file says. `bucket` and `offset` are empty of an overview's."""

    index: str
    day: date
    bucket: str = ""
    offset: str = ""


def csv_place(parts: Sequence[str]) -> CsvPlace | None:
    """Return what a path below the CSV directory says, None where it is no file of the store.

    Args:
        parts: The directories and the name, relative to the CSV directory.

    >>> csv_place(["NIFTY", "this_week", "+1", "2026-11-20.csv"]).offset
    '+1'
    >>> csv_place(["overview", "NIFTY", "2026-11-20.csv"]).index
    'NIFTY'
    """
    match = _CSV_NAME.fullmatch(parts[-1]) if parts else None
    day = _date(match[1]) if match else None
    if day is None:
        return None
    if len(parts) == 3 and parts[0] == Kind.OVERVIEW:
        return CsvPlace(parts[1], day)
    if len(parts) == 4 and parts[0] != Kind.OVERVIEW:
        return CsvPlace(parts[0], day, parts[1], parts[2])
    return None


def panel_file(panel: str) -> str:
    """Return the name of a panel's file.

    >>> panel_file("index_NIFTY")
    'index_NIFTY.json'
    """
    return f"{panel}{_PANEL_SUFFIX}"


def panel_name(file: str) -> str:
    """Return the panel whose file has this name.

    >>> panel_name("index_NIFTY.json")
    'index_NIFTY'
    """
    return file.removesuffix(_PANEL_SUFFIX)


def _clock(instant: datetime) -> str:
    at = instant.astimezone(UTC)
    return f"{at:%H%M%S}.{at.microsecond:06d}Z" if at.microsecond else f"{at:%H%M%S}Z"


def _date(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
