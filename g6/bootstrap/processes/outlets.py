"""Settings -> the outlet: what goes on from the store to a server of time series."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from g6.adapters.clocks import WallClock
from g6.adapters.data_dir.outbox import OutboxFile
from g6.adapters.data_dir.sqlite_salvage import Salvage
from g6.adapters.memory.bus import MemoryBus
from g6.adapters.parquet.queries.market_time import kind_of_rows
from g6.bootstrap.processes.outbox_owner import outbox_owner
from g6.bootstrap.processes.redis_ports import bus, controls
from g6.bootstrap.settings_checks.own_secrets import influx_token
from g6.bootstrap.stores import parquet_store
from g6.bootstrap.wiring import Wiring
from g6.config import Settings
from g6.config.settings_model import DEFAULT_NAMESPACE
from g6.domain.schema.layout import Folder
from g6.domain.schema.words import MarketKind, SinkName
from g6.errors import BadConfig
from g6.errors.extras import optional
from g6.files import refusals, replace
from g6.pipeline.maintenance.outlet import Outlet
from g6.ports import Sink


def outbox_path(settings: Settings) -> Path:
    """Return where the outbox of a data directory is."""
    return settings.directory / Folder.OUTBOX / f"{SinkName.INFLUX}.sqlite"


def backfill_path(settings: Settings) -> Path:
    """Return where a backfill that was stopped says how far it came."""
    return settings.directory / Folder.OUTBOX / "backfill.json"


def bucket_of(settings: Settings) -> str:
    """Return where points go: two kinds of market, or two namespaces, never share a bucket."""
    words = [settings.influx.bucket]
    kind = kind_of_rows(settings.directory) or settings.kind
    if kind != MarketKind.LIVE:
        words.append(kind)
    if settings.namespace != DEFAULT_NAMESPACE:
        words.append(settings.namespace)
    return "_".join(words)


def influx_sink(settings: Settings) -> Sink:
    """Return the configured server.

    Raises:
        BadConfig: None is configured, or its token cannot be read.
        Unavailable: The client's library is not installed.
    """
    options = settings.influx
    if options.url is None:
        raise BadConfig(
            "influx.url is not set: there is no server to send points to",
            "set G6_INFLUX__URL=http://127.0.0.1:8086, or influx.url in the configuration file",
        )
    with optional():
        from g6.adapters.influx import InfluxSink
    token = influx_token(settings)
    bucket = bucket_of(settings)
    return InfluxSink(options.url, token, options.org, bucket, options.timeout_seconds)


class BackfillMark:
    """How far a backfill of one span came, for the call that goes on after it was stopped."""

    def __init__(self, path: Path, span: str) -> None:
        self._path = path
        self._span = span

    def done_until(self) -> str:
        """Return the last cycle that was sent, empty where nothing of this span was."""
        with suppress(OSError, ValueError):
            record = json.loads(self._path.read_text("utf-8"))
            if record.get("span") == self._span:
                return str(record.get("done", ""))
        return ""

    def record(self, cycle: str) -> None:
        """Remember that everything up to a cycle was sent.

        Raises:
            StoreBusy: The disk refuses it.
        """
        with refusals(self._path):
            self._path.parent.mkdir(parents=True, exist_ok=True)
            replace(self._path, json.dumps({"span": self._span, "done": cycle}).encode())

    def close(self) -> None:
        """Forget it: the whole span was sent."""
        self._path.unlink(missing_ok=True)


@contextmanager
def running_outlet(wiring: Wiring) -> Iterator[Outlet]:
    """Hold the outbox for the block, and yield the outlet of a running system.

    Raises:
        BadConfig: No server is configured.
        Unavailable: Another process sends from this data directory.
        StoreBusy: The disk refuses the outbox.
    """
    settings = wiring.settings
    sink = influx_sink(settings)
    path = outbox_path(settings)
    with outbox_owner(path, f"sends the rows of {settings.directory}"):
        salvage = OutboxFile.mended(path)
        if salvage.aside is not None:
            logging.getLogger("g6.outlet").warning(salvage.in_words(path))
        with closing(OutboxFile(path, settings.influx.waiting_units)) as outbox:
            yield Outlet(
                parquet_store(settings), sink, outbox, bus(wiring), WallClock(), controls(wiring)
            )


def mend_outbox(settings: Settings) -> Salvage:
    """Put what can be read of a damaged outbox into a new one, while no process sends from it.

    Raises:
        StoreBusy: The disk refuses.
        Unavailable: A running system holds it. It mends the outbox when its process starts.
    """
    path = outbox_path(settings)
    with outbox_owner(path, f"sends the rows of {settings.directory}"):
        return OutboxFile.mended(path)


@contextmanager
def backfill_outlet(settings: Settings) -> Iterator[Outlet]:
    """Yield an outlet that sends stored cycles when it is told to, and follows nothing.

    Raises:
        BadConfig: No server is configured.
    """
    sink = influx_sink(settings)
    with closing(OutboxFile(Path(":memory:"), 0)) as outbox:
        yield Outlet(parquet_store(settings), sink, outbox, MemoryBus(), WallClock())
