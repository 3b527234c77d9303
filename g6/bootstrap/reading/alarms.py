"""Settings -> the alarms: rules, figures, channels, and what evaluates them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from datetime import date
from math import nan
from pathlib import Path

from g6.adapters.clocks import WallClock
from g6.adapters.data_dir.alarm_log_file import AlarmLogFile
from g6.adapters.data_dir.rules_file import read_rules
from g6.bootstrap.processes.alarm_places import alarm_log_path, rules_path
from g6.bootstrap.processes.outbox_owner import outbox_owner
from g6.bootstrap.processes.redis_ports import bus, controls, market_clock, panels
from g6.bootstrap.reading.study_readers import certificate_reader, reader
from g6.bootstrap.settings_checks.own_secrets import channel_addresses
from g6.bootstrap.stores import parquet_store
from g6.bootstrap.wiring import Wiring
from g6.config import Settings
from g6.domain.alarms import AlarmRule
from g6.domain.cycles.cycle import Unit
from g6.domain.figures import series
from g6.domain.market.calendar import day_of
from g6.domain.schema.frame import Frame
from g6.errors import BadConfig, G6Error
from g6.errors.extras import optional
from g6.pipeline.maintenance.alarm_facts import FigureSource
from g6.pipeline.maintenance.alarming import AlarmPost
from g6.ports import AlarmChannel
from g6.studies.stored.dossier import volatilities_before, volatility_of

__all__ = ["channels_of", "figure_source", "running_alarms"]

PERCENT = 100.0


def channels_of(settings: Settings) -> Sequence[AlarmChannel]:
    """Return the configured channels.

    Raises:
        BadConfig: An address cannot be used, or others can read their file.
        Unavailable: apprise is not installed.
    """
    addresses = channel_addresses(settings)
    if not addresses:
        return ()
    with optional():
        from g6.adapters.notify import AppriseChannel
    return [AppriseChannel(place, address) for place, address in enumerate(addresses, 1)]


class RulesFile:
    """The rules of a file, read anew where it has changed. A damaged file leaves the last ones.

    Args:
        path: The file.
        tell: Is told of each damage once.
    """

    def __init__(self, path: Path, tell: Callable[[str], None]) -> None:
        self._path = path
        self._tell = tell
        self._stamp = self._stat()
        self._rules = read_rules(path)

    def __call__(self) -> Sequence[AlarmRule]:
        """Return the rules in force."""
        stamp = self._stat()
        if stamp != self._stamp:
            self._stamp = stamp
            try:
                self._rules = read_rules(self._path)
            except BadConfig as error:
                self._tell(str(error))
        return self._rules

    def _stat(self) -> tuple[int, int]:
        with suppress(OSError):
            stat = self._path.stat()
            return stat.st_mtime_ns, stat.st_size
        return 0, 0


class VolatilityRanks:
    """The rank of a unit's volatility among the sessions before, which are read once a day."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._before: dict[str, tuple[date, Sequence[float]]] = {}

    def __call__(self, unit: Unit, frame: Frame | None) -> float:
        """Return the rank, 0 to 100, NaN under 20 known days."""
        if frame is None:
            return nan
        day = day_of(unit.instant)
        entry = self._before.get(unit.index)
        if entry is None or entry[0] != day:
            entry = day, self._read(unit)
            self._before[unit.index] = entry
        return series.rank(volatility_of(frame), entry[1]).rank * PERCENT

    def _read(self, unit: Unit) -> Sequence[float]:
        with suppress(G6Error):
            stored = reader("stored", self._settings)
            return volatilities_before(stored, unit)  # type: ignore[arg-type]
        return ()


class CertifiedCoverage:
    """The coverage of an index on the newest certified day before a cycle, read once a day."""

    def __init__(self, settings: Settings) -> None:
        self._reader = certificate_reader(settings)
        self._shares: dict[str, float] = {}
        self._day = date.min

    def __call__(self, unit: Unit) -> float:
        """Return the share of cycles that are OK, NaN where no day before has a certificate."""
        day = day_of(unit.instant)
        if day != self._day:
            self._day = day
            self._shares = self._read(day)
        return self._shares.get(unit.index, nan)

    def _read(self, day: date) -> dict[str, float]:
        with suppress(G6Error):
            days = [earlier for earlier in self._reader.certified_days() if earlier < day]
            certificate = self._reader.certificate(days[-1]) if days else None
            if certificate is not None:
                return {index: part.share for index, part in certificate.contents.coverage.items()}
        return {}


def figure_source(settings: Settings, wiring: Wiring | None = None) -> FigureSource:
    """Return what reads figures of stored cycles, and of panels where a system runs."""
    store = parquet_store(settings)
    ranks = VolatilityRanks(settings)
    coverage = CertifiedCoverage(settings)
    if wiring is None:
        return FigureSource(store, ranks, coverage)
    return FigureSource(store, ranks, coverage, panels(wiring).get)


@contextmanager
def running_alarms(wiring: Wiring, tell: Callable[[str], None]) -> Iterator[AlarmPost]:
    """Hold the log for the block, and yield what evaluates the rules of a running system.

    Args:
        wiring: Of the system.
        tell: Is told where the file of rules or the log is damaged.

    Raises:
        BadConfig: A rule or a channel is wrong.
        Unavailable: Another process does it for this data directory.
        StoreBusy: The disk refuses the log.
    """
    settings = wiring.settings
    path = alarm_log_path(settings)
    rules = RulesFile(rules_path(settings), tell)
    channels = channels_of(settings)
    clock = market_clock(wiring)
    with outbox_owner(path, f"evaluates the rules over {settings.directory}"):
        salvage = AlarmLogFile.mended(path)
        if salvage.aside is not None:
            tell(salvage.in_words(path))
        with closing(AlarmLogFile(path)) as log:
            yield AlarmPost(
                figure_source(settings, wiring),
                rules,
                channels,
                log,
                bus(wiring),
                clock,
                wiring.calendar,
                controls(wiring),
                may_turn_back=not isinstance(clock, WallClock),
            )
