"""Readers of stored rows and of the running system, as the doors hand them to studies.

Each is imported where it is made: with what a running system needs the import takes 2.0 s of CPU
instead of 0.75 s, and a study of stored days needs none of it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from g6.config import Settings, calendar
from g6.domain.schema.layout import Folder
from g6.errors import BadInput, G6Error

if TYPE_CHECKING:
    from g6.domain.market.instants import MarketTime
    from g6.ports import Clock, Store
    from g6.ports.readers import (
        ArchiveReader,
        CertificateReader,
        CollectionReader,
        DamageReader,
        EndOfDayReader,
        ListingReader,
        LogReader,
        MachineReader,
        PanelReader,
        ParticipantReader,
        PastReader,
        ProviderReader,
        QualityReader,
        RunningReader,
        SourceReader,
        StoredReader,
        UnitReader,
    )


def reader(kind: str, settings: Settings | None) -> object:
    """Return the reader of a study's kind.

    Args:
        kind: As `studies.table.STUDIES` names it.
        settings: None for a kind that reads nothing that is configured.

    Raises:
        RedisDown: The running system's Redis does not answer.
        Unavailable: No system runs.
        NothingToDo: The directory of stored rows is not there.
    """
    if settings is None or kind in WITHOUT_SETTINGS:
        return WITHOUT_SETTINGS[kind]()
    if kind in OF_ROWS:
        from g6.adapters.parquet.queries.stored_span import check_there

        check_there(settings.directory)
    return READERS[kind](settings)


def market_time(settings: Settings) -> MarketTime:
    """Return what instants such as `11:02` or `-5m` count from under some settings."""
    from g6.adapters.parquet.queries.market_time import time_of

    return time_of(settings.directory, lambda: stored_reader(settings).last_cycle())


def reader_of_one_answer(reader: StoredReader) -> StoredReader:
    """Return a reader that reads each chain once, to be thrown away with one answer."""
    from g6.adapters.wrapping.answer_memory import AnswerMemory

    return AnswerMemory(reader)


def wall_clock() -> Clock:
    """Return the clock of the wall, by which a data directory is read while nothing runs."""
    from g6.adapters.clocks import WallClock

    return WallClock()


def running_reader(settings: Settings) -> RunningReader:
    """Return the ports of the system that runs in a data directory or on a configured Redis."""
    from g6.bootstrap.reading.running_reading import DirectoryRunning

    return DirectoryRunning.of(settings)


def past_reader(settings: Settings) -> PastReader:
    """Return the reader of what the data directory says of its stored days."""
    from g6.bootstrap.stored_files.past_reading import DirectoryPast

    return DirectoryPast(settings, calendar(), _settled_until)


def _settled_until(settings: Settings) -> datetime | None:
    # Imported when a market runs: the client of Redis costs 0.2 s.
    from g6.bootstrap.reading.running_system import settled_until

    return settled_until(settings)


def archive_reader(settings: Settings) -> ArchiveReader:
    """Return the reader of the files of the data directory."""
    from g6.bootstrap.stored_files.archive_reading import DirectoryArchive

    return DirectoryArchive(settings, stored_reader(settings))


def collection_reader(settings: Settings) -> CollectionReader:
    """Return the reader of the configured collection, which asks no provider."""
    from g6.bootstrap.reading.collection_reading import CollectionReading

    return CollectionReading(settings)


def unit_reader(settings: Settings) -> UnitReader:
    """Return the reader of stored units, as the store reads them and as plain rows."""
    from g6.bootstrap.stored_files.archive_reading import DirectoryUnits

    return DirectoryUnits(settings)


def listing_reader(settings: Settings) -> ListingReader:
    """Return the reader of what is listed, by the configured provider."""
    from g6.bootstrap.reading.market_listings import MarketListings

    return MarketListings(settings)


def provider_reader(settings: Settings) -> ProviderReader:
    """Return the reader of the provider, which does not try again.

    It is the one that this shell names, else that of the running system.
    """
    from g6.bootstrap.reading.provider_reading import AskedProvider
    from g6.bootstrap.reading.running_system import settings_as_started

    origin = settings.origin("provider.name")
    if origin not in {"command line", "given"} and not origin.startswith("env "):
        # A fix is copied into another shell, which lacks what named the provider: it said that all
        # is well with the simulated market while the system's own provider was gone.
        with suppress(G6Error):
            settings = settings_as_started(settings)
    return AskedProvider(settings)


def damage_reader(settings: Settings) -> DamageReader:
    """Return the reader of the damage in the data directory."""
    from g6.bootstrap.stored_files.damage_reading import DirectoryDamage

    return DirectoryDamage(settings)


def certificate_reader(settings: Settings) -> CertificateReader:
    """Return the reader of the certificates of stored days."""
    from g6.bootstrap.stored_files.directory_certificates import DirectoryCertificates

    return DirectoryCertificates(settings)


def certificate_names(directory: Path) -> Callable[[date], str]:
    """Return a function that names the newest certificate of a stored day, empty without one."""
    from g6.adapters.data_dir.certificate_files import CertificateFiles

    files = CertificateFiles(directory)

    def certificate_of(day: date) -> str:
        # A damaged certificate is told by g6 data check, and costs no answer.
        with suppress(BadInput):
            return files.newest_name(day)
        return ""

    return certificate_of


def panel_reader(settings: Settings) -> PanelReader:
    """Return the reader of panel files and their manifest."""
    from g6.bootstrap.reading.panel_reading import DirectoryPanels

    return DirectoryPanels(settings)


def participant_reader(settings: Settings) -> ParticipantReader:
    """Return the reader of the kept open interest by participant."""
    from g6.bootstrap.stored_files.participant_reading import DirectoryParticipants

    return DirectoryParticipants(settings)


def quality_reader(settings: Settings) -> QualityReader:
    """Return the reader of stored rows, and of what checks have said of them."""
    from g6.bootstrap.stored_files.kept_quality import DirectoryQuality

    return DirectoryQuality(settings)


def machine_reader(
    settings: Settings,
    restart_reasons: Sequence[str] = (),
    orphans: Mapping[str, int] | None = None,
    holder_of: Callable[[int], tuple[int, str] | None] = lambda _: None,
    version: str = "",
) -> MachineReader:
    """Return the reader of this machine and the system that runs on it."""
    from g6.bootstrap.reading.machine_reading import MachineReading

    return MachineReading(settings, tuple(restart_reasons), orphans or {}, holder_of, version)


def log_reader(settings: Settings) -> LogReader:
    """Return the reader of the logs below the data directory."""
    from g6.bootstrap.reading.log_reading import DirectoryLogs

    return DirectoryLogs(settings.directory / Folder.LOGS)


def source_reader() -> SourceReader:
    """Return the reader of the table of sources."""
    from g6.bootstrap.quote_sources.source_reading import RegisteredSources

    return RegisteredSources()


def nothing_reader() -> None:
    """Return what a study reads that counts from constants alone: nothing."""


def end_of_day_reader() -> EndOfDayReader:
    """Return the reader of the exchanges' end-of-day files."""
    from g6.bootstrap.reading.end_of_day_reading import EndOfDayFiles

    return EndOfDayFiles()


def stored_reader(settings: Settings) -> StoredReader:
    """Return the reader of the configured data directory, through the configured sinks."""
    from g6.bootstrap.stores import store

    return _reader(settings.directory, store(settings))


def directory_reader(directory: Path) -> StoredReader:
    """Return the reader of a data directory alone, whatever is configured."""
    from g6.adapters.parquet.parquet_store import ParquetStore

    return _reader(directory, ParquetStore(directory))


def _reader(directory: Path, rows: Store) -> StoredReader:
    from g6.bootstrap.stored_files.directory_rows import rows_of

    return rows_of(directory, rows)


READERS: Mapping[str, Callable[[Settings], object]] = {
    "stored": stored_reader,
    "running": running_reader,
    "past": past_reader,
    "archive": archive_reader,
    "certificates": certificate_reader,
    "collection": collection_reader,
    "units": unit_reader,
    "listings": listing_reader,
    "provider": provider_reader,
    "machine": machine_reader,
    "panels": panel_reader,
    "damages": damage_reader,
    "logs": log_reader,
    "participants": participant_reader,
    "quality": quality_reader,
}
"""By the kind that a study names in `table.STUDIES`."""
OF_ROWS = frozenset({"stored", "past", "units", "damages", "certificates", "quality"})
"""Kinds that read the stored rows of a data directory alone."""
WITHOUT_SETTINGS: Mapping[str, Callable[[], object]] = {
    "sources": source_reader,
    "end_of_day": end_of_day_reader,
    "nothing": nothing_reader,
}
"""Of kinds that read nothing that is configured, so that a wrong setting does not stop them."""
