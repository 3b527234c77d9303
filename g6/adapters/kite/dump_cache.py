"""Instrument dumps by exchange and day: downloaded once for all workers, kept on disk; the newest good one stands in for a bad."""

from __future__ import annotations

import gzip
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from datetime import time as clock_time
from pathlib import Path
from typing import Any

from g6 import files
from g6.adapters.kite.dump_parsing import Dump, of_interest, parse_dump
from g6.domain.market.calendar import IST
from g6.errors import BadDump, BadInput, ProviderBusy, ProviderRefused, StoreBusy
from g6.ports import SharedCache

SETTLED = clock_time(8, 15)
"""Clock time (IST) from which on the broker's dump is surely of today; what is fetched earlier is asked for again."""
DAY_SECONDS = 86_400.0
AGAIN_SECONDS = 300.0
"""How long a dump that is not today's, or a refusal, stands before today's dump is asked for again."""
EXCHANGES = ("NFO", "BFO")
FETCH_SECONDS = 45.0
LOOK_SECONDS = 0.1
KEPT = 5
"""Days of which the raw dump stays on disk; the listings themselves are archived as Parquet for ever."""

Columns = Mapping[str, list[Any]]


@dataclass(frozen=True, slots=True)
class _KeptDump:
    columns: Columns
    until: float


class Dumps:
    """Dumps of one process over the shelf that all share and a directory of one host.

    `ask` downloads one; `tell` is given facts that a person should know. `hits` counts where a dump came from: memory, shelf,
    disk, download, older.
    """

    def __init__(
        self,
        directory: Path,
        shelf: SharedCache,
        ask: Callable[[str], bytes],
        now: Callable[[], datetime],
        tell: Callable[[Mapping[str, Any]], None] = lambda _: None,
    ) -> None:
        self._directory, self._shelf, self._ask, self._now, self._tell = (
            directory,
            shelf,
            ask,
            now,
            tell,
        )
        self._memory: dict[tuple[str, date], _KeptDump] = {}
        self.hits: dict[str, int] = {}

    def columns(self, exchange: str, day: date) -> Columns:
        """Return the contracts listed on `exchange` (NFO, BFO) on `day`.

        A dump that cannot be used is not downloaded again for AGAIN_SECONDS, by any worker. Errors: ProviderBusy, ProviderRefused;
        BadDump, where no earlier one can stand in.
        """
        held = self._memory.get((exchange, day))
        if held and held.until > time.time():
            self._hit("memory")
            return held.columns
        found = self._shared(exchange, day) or self._on_disk(exchange, day)
        if found is None:
            self._stop_if_refused(exchange, day)
            found = self._fetched(exchange, day)
        self._memory = {key: each for key, each in self._memory.items() if key[1] == day} | {
            (exchange, day): found
        }
        return found.columns

    def facts(self) -> Mapping[str, str]:
        """Return by exchange what is wrong with its dump, as the worker that downloaded it found; empty when nothing is."""
        notes = {exchange: self._shelf.get(_note(exchange)) for exchange in EXCHANGES}
        return {exchange: note.decode() for exchange, note in notes.items() if note}

    def refused(self, exchange: str, day: date) -> str:
        """Return why the dump of `day` was refused a moment ago, nothing when it was not."""
        return (self._shelf.get(_refusal(exchange, day)) or b"").decode()

    def refresh(self, exchange: str, day: date) -> Columns:
        """Download the dump of `day` again, whatever is there already, and share it. Errors as `columns`."""
        found = self._download(exchange, day)
        self._memory[exchange, day] = found
        return found.columns

    def _shared(self, exchange: str, day: date) -> _KeptDump | None:
        content = self._shelf.get(_name(exchange, day))
        if content is None:
            return None
        self._hit("shelf")
        older, raw = content[:1] == b"o", gzip.decompress(content[1:])
        seconds = AGAIN_SECONDS if older or not self._settled(day) else DAY_SECONDS
        columns = parse_dump(raw, exchange, date.min if older else day).columns
        return _KeptDump(_alive(columns, day), time.time() + seconds)

    def _on_disk(self, exchange: str, day: date) -> _KeptDump | None:
        path = self._path(exchange, day)
        if not path.is_file():
            return None
        try:
            raw = _read(path)
            columns = parse_dump(raw, exchange, day, str(path)).columns
        except BadInput:
            return None
        self._hit("disk")
        self._shelf.put(_name(exchange, day), b"d" + gzip.compress(of_interest(raw)), DAY_SECONDS)
        return _KeptDump(columns, time.time() + DAY_SECONDS)

    def _fetched(self, exchange: str, day: date) -> _KeptDump:
        """Download it, unless another worker is about to: then wait for what that one finds."""
        limit = time.monotonic() + FETCH_SECONDS
        while not self._shelf.claim(f"fetching:{exchange}", FETCH_SECONDS):
            if time.monotonic() > limit:
                raise ProviderBusy(
                    f"the instrument dump of {exchange} is still being downloaded", "timeout"
                )
            threading.Event().wait(LOOK_SECONDS)
            if found := self._shared(exchange, day):
                return found
            self._stop_if_refused(exchange, day)
        try:
            return self._shared(exchange, day) or self._download(exchange, day)
        finally:
            self._shelf.drop(f"fetching:{exchange}")

    def _download(self, exchange: str, day: date) -> _KeptDump:
        try:
            raw = self._ask(exchange)
            dump = parse_dump(raw, exchange, day)
        except (BadInput, ProviderBusy, ProviderRefused) as error:
            return self._older(exchange, day, error)
        self._hit("download")
        settled = self._settled(day)
        seconds = DAY_SECONDS if settled else AGAIN_SECONDS
        self._tell_left_out(exchange, day, dump, seconds)
        if settled:
            self._keep(exchange, day, raw)
        self._shelf.put(_name(exchange, day), b"d" + gzip.compress(of_interest(raw)), seconds)
        return _KeptDump(dump.columns, time.time() + seconds)

    def _tell_left_out(self, exchange: str, day: date, dump: Dump, seconds: float) -> None:
        """Say which rows of a dump that serves are left out; forget what was wrong with the one before."""
        self._shelf.drop(_refusal(exchange, day))
        if not (left_out := dump.sentence()):
            self._shelf.drop(_note(exchange))
            return
        sentence = f"of the instrument dump of {exchange} for {day} {left_out}; the rest stands"
        self._shelf.put(_note(exchange), sentence.encode(), seconds)
        self._tell(
            {
                "state": "instruments",
                "sentence": sentence,
                "fix": "g6 expiries --refresh downloads the dumps again",
            }
        )

    def _stop_if_refused(self, exchange: str, day: date) -> None:
        """Raise what was found wrong with the dump a moment ago, instead of downloading it for every unit. Errors: BadDump."""
        if sentence := self.refused(exchange, day):
            raise BadDump(sentence)

    def _older(
        self, exchange: str, day: date, error: BadInput | ProviderBusy | ProviderRefused
    ) -> _KeptDump:
        """Return the newest good dump of an earlier day, less what has expired since; without one `error` stands."""
        for path in self._earlier(exchange, day):
            try:
                raw = _read(path)
                columns = _alive(parse_dump(raw, exchange, date.min, str(path)).columns, day)
            except BadInput:
                continue
            self._hit("older")
            reason = error.sentence if isinstance(error, BadInput) else str(error)
            bad = f"the instrument dump of {exchange} for {day} cannot be used ({reason})"
            sentence = f"{bad}; that of {path.name[:10]} serves, strikes listed since are missing"
            again = f"it is asked for again in {AGAIN_SECONDS / 60:.0f} minutes"
            self._tell({"state": "instruments", "sentence": sentence, "fix": again})
            self._shelf.put(_note(exchange), sentence.encode(), AGAIN_SECONDS)
            self._shelf.put(
                _name(exchange, day), b"o" + gzip.compress(of_interest(raw)), AGAIN_SECONDS
            )
            return _KeptDump(columns, time.time() + AGAIN_SECONDS)
        if isinstance(error, ProviderBusy):
            raise error
        raise self._refusal_of(exchange, day, error) from error

    def _refusal_of(self, exchange: str, day: date, error: BadInput | ProviderRefused) -> BadDump:
        """Tell that nothing can be collected of the exchange, and let every worker know it for AGAIN_SECONDS."""
        reason = error.sentence if isinstance(error, BadInput) else str(error)
        bad = f"the instrument dump of {exchange} for {day} cannot be used ({reason}), and no earlier one is on disk"
        fix = f"g6 check kite asks for it again; the workers do in {AGAIN_SECONDS / 60:.0f} minutes"
        self._tell({"state": "instruments", "sentence": bad, "fix": fix})
        self._shelf.put(_refusal(exchange, day), bad.encode(), AGAIN_SECONDS)
        self._shelf.put(_note(exchange), bad.encode(), AGAIN_SECONDS)
        return BadDump(bad, fix)

    def _keep(self, exchange: str, day: date, raw: bytes) -> None:
        """Keep it on disk for a second start today and for bad days; a disk that refuses costs only that."""
        try:
            files.replace(self._path(exchange, day), gzip.compress(raw))
            for path in list(self._earlier(exchange, day))[KEPT - 1 :]:
                path.unlink(missing_ok=True)
        except (StoreBusy, OSError) as error:
            self._tell(
                {
                    "state": "instruments",
                    "sentence": f"the dump of {exchange} is not kept on disk: {error}",
                    "fix": "",
                }
            )

    def _earlier(self, exchange: str, day: date) -> Iterator[Path]:
        paths = sorted((self._directory / exchange).glob("????-??-??.csv.gz"), reverse=True)
        return (path for path in paths if path.name[:10] < day.isoformat())

    def _path(self, exchange: str, day: date) -> Path:
        return self._directory / exchange / f"{day.isoformat()}.csv.gz"

    def _settled(self, day: date) -> bool:
        now = self._now().astimezone(IST)
        return now.date() > day or now.time() >= SETTLED

    def _hit(self, where: str) -> None:
        self.hits[where] = self.hits.get(where, 0) + 1


def _name(exchange: str, day: date) -> str:
    return f"dump:{exchange}:{day.isoformat()}"


def _note(exchange: str) -> str:
    return f"dump-note:{exchange}"


def _refusal(exchange: str, day: date) -> str:
    return f"dump-refused:{exchange}:{day.isoformat()}"


def _read(path: Path) -> bytes:
    """Read a kept dump. Errors: BadInput."""
    try:
        return gzip.decompress(path.read_bytes())
    except (OSError, EOFError) as error:
        raise BadInput(path, None, f"cannot be read: {error}", "delete it") from error


def _alive(columns: Columns, day: date) -> Columns:
    kept = [place for place, expiry in enumerate(columns["expiry"]) if expiry >= day]
    return (
        columns
        if len(kept) == len(columns["expiry"])
        else {name: [each[at] for at in kept] for name, each in columns.items()}
    )
