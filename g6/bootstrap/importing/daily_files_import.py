"""Brings files of past days in: instrument dumps of Kite, and open interest by participant."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from g6.adapters.data_dir.day_documents import DayDocuments
from g6.adapters.exchange.participant_files import read_participants
from g6.adapters.kite.dump_parsing import parse_dump
from g6.adapters.parquet.listings import kept_listing
from g6.bootstrap.stores import parquet_store
from g6.config import Settings
from g6.domain.market.instrument import INDICES, listing
from g6.domain.quotes.participants import ParticipantDay
from g6.domain.schema.layout import Folder
from g6.errors import BadInput
from g6.packed_files import unpacked

_ISO_DAY = re.compile(r"(?<!\d)(20\d{2})[-_]?(\d{2})[-_]?(\d{2})(?!\d)")
_INDIAN_DAY = re.compile(r"(?<!\d)(\d{2})[-_]?(\d{2})[-_]?(20\d{2})(?!\d)")


@dataclass(frozen=True, slots=True)
class ImportedDump:
    """What an instrument dump brought into the store.

    Attributes:
        file: The dump.
        day: Its day, as ISO text.
        contracts: Options by index that are stored now.
        stored_already: Indices whose listing of the day was stored before, and stays.
        left_out: Lines that are no contract, in one sentence, "" for none.
    """

    file: str
    day: str
    contracts: dict[str, int]
    stored_already: tuple[str, ...]
    left_out: str


def import_dump(settings: Settings, path: Path, day: date | None) -> ImportedDump:
    """Store the listings in a dump of a past day, of one exchange or of both.

    Raises:
        BadInput: It is no dump, its day is not known, or it lists contracts that were over then.
    """
    raw = unpacked(path)
    on = day or _day_of(path)
    store = parquet_store(settings)
    contracts: dict[str, int] = {}
    already = []
    sentences = []
    for exchange in ("NFO", "BFO"):
        if f",{exchange}".encode() not in raw:
            continue
        dump = parse_dump(raw, exchange, on, str(path))
        # Rows of the other exchange belong to it, and are read in its turn.
        dump.foreign = 0
        sentences.append(dump.sentence())
        for name, index in INDICES.items():
            if index.derivatives != exchange or name not in dump.columns["name"]:
                continue
            kept = kept_listing(settings.directory, name, on)
            if kept is not None and kept.on == on:
                already.append(name)
                continue
            listed = listing(name, dump.columns, on)
            store.keep_listing(listed, exchange)
            contracts[name] = int((listed.contracts.symbol != "").sum())
    if not contracts and not already:
        raise BadInput(path, None, "lists no option of an index")
    left_out = "; ".join(filter(None, sentences))
    return ImportedDump(str(path), on.isoformat(), contracts, tuple(already), left_out)


def _day_of(path: Path) -> date:
    """Return the day that the name of a file, or of its folder, says.

    Raises:
        BadInput: Neither says one.
    """
    for text in (path.name, path.parent.name):
        for pattern, order in ((_ISO_DAY, (1, 2, 3)), (_INDIAN_DAY, (3, 2, 1))):
            if match := pattern.search(text):
                try:
                    return date(*(int(match[place]) for place in order))
                except ValueError:
                    continue
    raise BadInput(
        path, None, "does not say its day in its name", f"g6 import dumps {path} --day 2026-11-20"
    )


@dataclass(frozen=True, slots=True)
class ImportedParticipants:
    """A day of open interest by participant that is kept.

    Attributes:
        day: The day.
        replaced: Whether other figures of it were kept before.
    """

    day: ParticipantDay
    replaced: bool


def import_participants(settings: Settings, paths: Sequence[Path]) -> list[ImportedParticipants]:
    """Keep the open interest by participant of the days of some files.

    Raises:
        BadInput: One of them is no such file. The files before it are kept.
    """
    return [_kept(settings, read_participants(path)) for path in paths]


def download_participants(settings: Settings, day: date, address: str) -> ImportedParticipants:
    """Fetch the exchange's file of a day, and keep its open interest by participant.

    Args:
        settings: The configuration.
        day: The day.
        address: Where the file is, DDMMYYYY for the day. The exchange's where it is empty.

    Raises:
        UserError: The address is none.
        Unavailable: Nothing answers there, or no file of that day.
    """
    from g6.adapters.exchange.participant_archive import ADDRESS, fetch_participants

    return _kept(settings, fetch_participants(day, address or ADDRESS))


def _kept(settings: Settings, day: ParticipantDay) -> ImportedParticipants:
    documents = DayDocuments(settings.directory / Folder.PARTICIPANTS)
    had_one = day.day in documents.days()
    is_new = documents.put(day.day, day.document())
    return ImportedParticipants(day, had_one and is_new)
