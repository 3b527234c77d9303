"""Instrument dumps by exchange and day: downloaded once for all workers, and kept on disk.

The newest good dump stands in for one that cannot be used.
"""

from __future__ import annotations

import gzip
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from datetime import time as clock_time
from pathlib import Path

from g6 import files
from g6.adapters.kite.dump_parsing import Dump, of_interest, parse_dump
from g6.domain.market.calendar import IST
from g6.domain.reports import ProviderState
from g6.errors import BadDump, BadInput, ProviderBusy, ProviderRefused, StoreBusy
from g6.packed_files import unpacked
from g6.ports import Clock, SharedCache

# Kite makes the dump between 07:30 and 08:00; its documentation says to fetch it at 08:30.
SETTLED_TIME = clock_time(8, 15)
"""Clock time (IST) from which on Kite's dump is surely of today.

An earlier one is fetched again.
"""
DAY_SECONDS = 86_400.0
AGAIN_SECONDS = 300.0
"""Seconds that an older dump or a refusal stands before today's dump is asked for again."""
EXCHANGES = ("NFO", "BFO")
FETCH_SECONDS = 45.0
"""Seconds that one worker's download may take.

A dump is about 7 MB.
"""
LOOK_SECONDS = 0.1
FILES_PER_EXCHANGE = 5
"""Days whose raw dump stays on disk.

The listings themselves are archived as Parquet for ever.
"""

Columns = Mapping[str, list[object]]
Tell = Callable[[ProviderState], None]
DumpRefusal = BadInput | ProviderBusy | ProviderRefused


@dataclass(frozen=True, slots=True)
class _TimedColumns:
    """The columns of a dump, and the wall time until which they stand."""

    columns: Columns
    until: float


class DumpCache:
    """Dumps in this process's memory, in the cache that all workers share, and in a directory.

    Args:
        directory: Where the raw dumps of the last days are kept on this host.
        cache: What all workers share.
        ask: Downloads the dump of an exchange.
        clock: Market time, and what waits.
        tell: Receives what a person should know.

    Attributes:
        hits: How often a dump came from memory, shelf (the shared cache), disk, download, older.
    """

    def __init__(
        self,
        directory: Path,
        cache: SharedCache,
        ask: Callable[[str], bytes],
        clock: Clock,
        tell: Tell = lambda _: None,
    ) -> None:
        self._directory = directory
        self._cache = cache
        self._ask = ask
        self._clock = clock
        self._tell = tell
        self._memory: dict[tuple[str, date], _TimedColumns] = {}
        self.hits: dict[str, int] = {}

    def columns(self, exchange: str, day: date) -> Columns:
        """Return the contracts listed on `exchange` (NFO, BFO) on `day`.

        A dump that cannot be used is not downloaded again for AGAIN_SECONDS, by any worker.

        Raises:
            ProviderBusy: The download failed and may succeed later.
            ProviderRefused: Kite refuses the download.
            BadDump: The dump cannot be used and no earlier one can stand in.
        """
        remembered = self._memory.get((exchange, day))
        if remembered and remembered.until > time.time():
            self._count_hit("memory")
            return remembered.columns
        dump = self._from_cache(exchange, day) or self._from_disk(exchange, day)
        if dump is None:
            self._raise_if_refused(exchange, day)
            dump = self._download_once(exchange, day)
        for key in list(self._memory):
            if key[1] != day:
                del self._memory[key]
        self._memory[exchange, day] = dump
        return dump.columns

    def facts(self) -> Mapping[str, str]:
        """Return by exchange the sentence about its dump that the downloading worker left."""
        notes = {exchange: self._cache.get(_note_name(exchange)) for exchange in EXCHANGES}
        return {exchange: note.decode() for exchange, note in notes.items() if note}

    def refused(self, exchange: str, day: date) -> str:
        """Return why the dump of `day` was refused a moment ago, "" when it was not."""
        return (self._cache.get(_refusal_name(exchange, day)) or b"").decode()

    def refresh(self, exchange: str, day: date) -> Columns:
        """Download the dump of `day` again and share it.

        Raises:
            ProviderBusy: The download failed and may succeed later.
            ProviderRefused: Kite refuses the download.
            BadDump: The dump cannot be used and no earlier one can stand in.
        """
        dump = self._download(exchange, day)
        self._memory[exchange, day] = dump
        return dump.columns

    def _from_cache(self, exchange: str, day: date) -> _TimedColumns | None:
        content = self._cache.get(_dump_name(exchange, day))
        if content is None:
            return None
        self._count_hit("shelf")
        is_older = content[:1] == b"o"
        raw = gzip.decompress(content[1:])
        columns = parse_dump(raw, exchange, date.min if is_older else day).columns
        seconds = AGAIN_SECONDS if is_older or not self._is_settled(day) else DAY_SECONDS
        return _TimedColumns(_alive(columns, day), time.time() + seconds)

    def _from_disk(self, exchange: str, day: date) -> _TimedColumns | None:
        path = self._path(exchange, day)
        if not path.is_file():
            return None
        try:
            raw = unpacked(path, "delete it")
            columns = parse_dump(raw, exchange, day, str(path)).columns
        except BadInput:
            return None
        self._count_hit("disk")
        self._share(exchange, day, b"d", raw, DAY_SECONDS)
        return _TimedColumns(columns, time.time() + DAY_SECONDS)

    def _share(self, exchange: str, day: date, kind: bytes, raw: bytes, seconds: float) -> None:
        """Put a dump into the shared cache: `d` before one of the day, `o` before an older one."""
        content = kind + gzip.compress(of_interest(raw))
        self._cache.put(_dump_name(exchange, day), content, seconds)

    def _download_once(self, exchange: str, day: date) -> _TimedColumns:
        """Download the dump, or wait for the worker that is downloading it."""
        limit = time.monotonic() + FETCH_SECONDS
        while not self._cache.claim(f"fetching:{exchange}", FETCH_SECONDS):
            if time.monotonic() > limit:
                sentence = f"the instrument dump of {exchange} is still being downloaded"
                raise ProviderBusy(sentence, "timeout")
            self._clock.sleep(LOOK_SECONDS)
            dump = self._from_cache(exchange, day)
            if dump is not None:
                return dump
            self._raise_if_refused(exchange, day)
        try:
            return self._from_cache(exchange, day) or self._download(exchange, day)
        finally:
            self._cache.drop(f"fetching:{exchange}")

    def _download(self, exchange: str, day: date) -> _TimedColumns:
        try:
            raw = self._ask(exchange)
            dump = parse_dump(raw, exchange, day)
        except (BadInput, ProviderBusy, ProviderRefused) as error:
            return self._older_dump(exchange, day, error)
        self._count_hit("download")
        is_settled = self._is_settled(day)
        seconds = DAY_SECONDS if is_settled else AGAIN_SECONDS
        self._note_left_out(exchange, day, dump, seconds)
        if is_settled:
            self._keep_file(exchange, day, raw)
        self._share(exchange, day, b"d", raw, seconds)
        return _TimedColumns(dump.columns, time.time() + seconds)

    def _note_left_out(self, exchange: str, day: date, dump: Dump, seconds: float) -> None:
        """Tell which rows of the dump are left out.

        Forget what was wrong with the one before.
        """
        self._cache.drop(_refusal_name(exchange, day))
        left_out = dump.sentence()
        if not left_out:
            self._cache.drop(_note_name(exchange))
            return
        sentence = f"of the instrument dump of {exchange} for {day} {left_out}; the rest stands"
        self._cache.put(_note_name(exchange), sentence.encode(), seconds)
        self._alert(sentence, "g6 expiries --refresh downloads the dumps again")

    def _raise_if_refused(self, exchange: str, day: date) -> None:
        """Raise the refusal of a moment ago instead of downloading again for every unit."""
        if sentence := self.refused(exchange, day):
            raise BadDump(sentence)

    def _older_dump(self, exchange: str, day: date, error: DumpRefusal) -> _TimedColumns:
        """Return the newest good dump of an earlier day, less what has expired since.

        Raises:
            ProviderBusy: There is none, and the download may succeed later.
            BadDump: There is none, and the dump of today cannot be used.
        """
        for path in self._earlier_files(exchange, day):
            try:
                raw = unpacked(path, "delete it")
                columns = _alive(parse_dump(raw, exchange, date.min, str(path)).columns, day)
            except BadInput:
                continue
            self._count_hit("older")
            sentence = (
                f"{_cannot_be_used(exchange, day, error)}; that of {path.name[:10]} serves, "
                "strikes listed since are missing"
            )
            self._alert(sentence, f"it is asked for again in {AGAIN_SECONDS / 60:.0f} minutes")
            self._cache.put(_note_name(exchange), sentence.encode(), AGAIN_SECONDS)
            self._share(exchange, day, b"o", raw, AGAIN_SECONDS)
            return _TimedColumns(columns, time.time() + AGAIN_SECONDS)
        if isinstance(error, ProviderBusy):
            raise error
        raise self._bad_dump(exchange, day, error) from error

    def _bad_dump(self, exchange: str, day: date, error: DumpRefusal) -> BadDump:
        """Tell that nothing can be collected of the exchange.

        Every worker knows for AGAIN_SECONDS.
        """
        sentence = f"{_cannot_be_used(exchange, day, error)}, and no earlier one is on disk"
        minutes = f"{AGAIN_SECONDS / 60:.0f} minutes"
        fix = f"g6 check kite asks for it again; the workers do in {minutes}"
        self._alert(sentence, fix)
        self._cache.put(_refusal_name(exchange, day), sentence.encode(), AGAIN_SECONDS)
        self._cache.put(_note_name(exchange), sentence.encode(), AGAIN_SECONDS)
        return BadDump(sentence, fix)

    def _keep_file(self, exchange: str, day: date, raw: bytes) -> None:
        """Keep the dump on disk for a second start today and for bad days."""
        try:
            files.replace(self._path(exchange, day), gzip.compress(raw))
            for path in list(self._earlier_files(exchange, day))[FILES_PER_EXCHANGE - 1 :]:
                path.unlink(missing_ok=True)
        except (StoreBusy, OSError) as error:
            # A disk that refuses costs the copy alone: today's dump still serves.
            self._alert(f"the dump of {exchange} is not kept on disk: {error}", "")

    def _alert(self, sentence: str, fix: str) -> None:
        self._tell(ProviderState("instruments", sentence, fix))

    def _earlier_files(self, exchange: str, day: date) -> Iterator[Path]:
        paths = sorted((self._directory / exchange).glob("????-??-??.csv.gz"), reverse=True)
        return (path for path in paths if path.name[:10] < day.isoformat())

    def _path(self, exchange: str, day: date) -> Path:
        return self._directory / exchange / f"{day.isoformat()}.csv.gz"

    def _is_settled(self, day: date) -> bool:
        now = self._clock.market().astimezone(IST)
        return now.date() > day or now.time() >= SETTLED_TIME

    def _count_hit(self, where: str) -> None:
        self.hits[where] = self.hits.get(where, 0) + 1


def _cannot_be_used(exchange: str, day: date, error: DumpRefusal) -> str:
    reason = error.sentence if isinstance(error, BadInput) else str(error)
    return f"the instrument dump of {exchange} for {day} cannot be used ({reason})"


def _dump_name(exchange: str, day: date) -> str:
    return f"dump:{exchange}:{day.isoformat()}"


def _note_name(exchange: str) -> str:
    return f"dump-note:{exchange}"


def _refusal_name(exchange: str, day: date) -> str:
    return f"dump-refused:{exchange}:{day.isoformat()}"


def _alive(columns: Columns, day: date) -> Columns:
    """Return the columns without the contracts that expired before `day`."""
    alive = [isinstance(expiry, date) and expiry >= day for expiry in columns["expiry"]]
    if all(alive):
        return columns
    return {
        name: [value for value, keep in zip(values, alive, strict=True) if keep]
        for name, values in columns.items()
    }
