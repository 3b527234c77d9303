"""Settings: the one configuration model."""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import ip_address
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from pydantic import Field, PrivateAttr, field_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from g6.config import sections as s
from g6.config import watching_section as w
from g6.config import web_sections as web
from g6.config.influx_section import InfluxSettings
from g6.config.provider_section import ProviderSettings
from g6.config.source_table import source_named
from g6.config.ticker_section import TickerSettings
from g6.domain.market.instrument import INDICES, INVENTED
from g6.domain.reports.bus_flow import StreamBounds, stream_bounds
from g6.domain.schema.layout import Folder, Kind
from g6.domain.schema.words import MarketKind
from g6.ports.sources import Ability, Source

SIX = ("NIFTY", "BANKNIFTY", "FINNIFTY", "MIDCPNIFTY", "SENSEX", "BANKEX")
DEFAULT_NAMESPACE = "g6"


class Settings(BaseSettings):
    """Everything that can be configured, frozen. `load` makes one from all sources."""

    model_config = SettingsConfigDict(
        extra="forbid",
        frozen=True,
        env_prefix="G6_",
        env_nested_delimiter="__",
        env_ignore_empty=True,
        enable_decoding=False,
    )

    namespace: str = Field(
        default=DEFAULT_NAMESPACE,
        pattern=r"^[a-z][a-z0-9_-]{0,31}$",
        description="first part of every key, queue and stream; one other than g6 is also a "
        "directory below every data directory",
    )
    # The grid is floor(epoch / interval) * interval: it moves at midnight if the interval does not
    # divide a day.
    interval: int = Field(
        default=60,
        ge=1,
        le=86400,
        description="seconds of market time between two cycles; must divide a day",
    )
    heartbeat_interval: int = Field(
        default=2,
        ge=2,
        le=60,
        multiple_of=2,
        description="wall seconds between two heartbeats, an even number; a heartbeat reports "
        "queues, workers, clocks and requests left",
    )
    data_dir: Path = Field(
        default=Path("data/g6_data"), description="where rows of the live market go"
    )
    demo_dir: Path = Field(
        default=Path("data/demo"),
        description="where simulated and replayed rows go; --data-dir sets both",
    )
    provider: ProviderSettings = Field(
        default=ProviderSettings(), description=ProviderSettings.__doc__
    )
    ticker: TickerSettings = Field(default=TickerSettings(), description=TickerSettings.__doc__)
    market: s.MarketSettings = Field(
        default=s.MarketSettings(), description=s.MarketSettings.__doc__
    )
    # The six indices that have listed options at NSE and BSE; NIFTYNXT50 is known and off.
    index_params: dict[str, s.IndexParams] = Field(
        default={name: s.IndexParams() for name in SIX}, description=s.IndexParams.__doc__
    )
    collection: s.CollectionSection = Field(
        default=s.CollectionSection(), description=s.CollectionSection.__doc__
    )
    greeks: s.GreeksSettings = Field(
        default=s.GreeksSettings(), description=s.GreeksSettings.__doc__
    )
    quality: s.QualitySettings = Field(
        default=s.QualitySettings(), description=s.QualitySettings.__doc__
    )
    redis: s.RedisSettings = Field(default=s.RedisSettings(), description=s.RedisSettings.__doc__)
    frames: s.FrameSettings = Field(default=s.FrameSettings(), description=s.FrameSettings.__doc__)
    storage: s.StorageSettings = Field(
        default=s.StorageSettings(), description=s.StorageSettings.__doc__
    )
    influx: InfluxSettings = Field(default=InfluxSettings(), description=InfluxSettings.__doc__)
    alerts: w.AlertSettings = Field(default=w.AlertSettings(), description=w.AlertSettings.__doc__)
    panels: s.PanelSettings = Field(default=s.PanelSettings(), description=s.PanelSettings.__doc__)
    features: s.FeatureSettings = Field(
        default=s.FeatureSettings(), description=s.FeatureSettings.__doc__
    )
    console: s.ConsoleSettings = Field(
        default=s.ConsoleSettings(), description=s.ConsoleSettings.__doc__
    )
    log: s.LogSettings = Field(default=s.LogSettings(), description=s.LogSettings.__doc__)
    serve: web.ServeSettings = Field(
        default=web.ServeSettings(), description=web.ServeSettings.__doc__
    )
    observers: web.ObserverSettings = Field(
        default=web.ObserverSettings(), description=web.ObserverSettings.__doc__
    )
    metrics: w.MetricSettings = Field(
        default=w.MetricSettings(), description=w.MetricSettings.__doc__
    )
    memory: w.MemorySettings = Field(
        default=w.MemorySettings(), description=w.MemorySettings.__doc__
    )
    flower: w.FlowerSettings = Field(
        default=w.FlowerSettings(), description=w.FlowerSettings.__doc__
    )
    tracing: w.TracingSettings = Field(
        default=w.TracingSettings(), description=w.TracingSettings.__doc__
    )
    workers: s.WorkerSettings = Field(
        default=s.WorkerSettings(), description=s.WorkerSettings.__doc__
    )
    status_file: Path | None = Field(
        default=None,
        description="file that g6 serve writes the runtime status to after every cycle; without "
        "g6 serve nothing does",
    )

    _origins: dict[str, str] = PrivateAttr(default_factory=dict)

    @field_validator("index_params", mode="before")
    @classmethod
    def _every_index(cls, params: object) -> object:
        """Lay the parameters of some indices over the defaults of the six."""
        # Without it a file that names one index would switch the five others off.
        if not isinstance(params, dict):
            return params
        if unknown := [name for name in params if name not in INDICES]:
            raise ValueError(f"{unknown[0]!r} is no index; there are {', '.join(INDICES)}")
        return {name: s.IndexParams() for name in SIX} | params

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003 - passed by name, as the next three
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Read nothing: `load` reads each source itself, to know where a value came from."""
        return (init_settings,)

    def with_origins(self, origins: Mapping[str, str]) -> Settings:
        """Return the settings with the origin of each value, by dotted path."""
        settings = self.model_copy()
        settings._origins = dict(origins)  # noqa: SLF001 - its own class
        return settings

    @property
    def origins(self) -> Mapping[str, str]:
        """Where each value that is not a default came from."""
        return self._origins

    def origin(self, path: str) -> str:
        """Return the origin of a value: `default`, a file, `env G6_…` or `command line`."""
        return self._origins.get(path, "default")

    @property
    def config_file(self) -> Path | None:
        """The configuration file that some value came from, None where no value did."""
        elsewhere = ("default", "command line", "given", "no file")
        for origin in self._origins.values():
            if origin not in elsewhere and not origin.startswith("env "):
                return Path(origin).absolute()
        return None

    @property
    def indices(self) -> tuple[str, ...]:
        """The enabled indices, in the order of the model."""
        enabled = {name for name, params in self.index_params.items() if params.enabled}
        return tuple(name for name in (*INDICES, *INVENTED) if name in enabled)

    @property
    def source(self) -> Source:
        """The record of the source that `provider.name` names."""
        return source_named(self.provider.name)

    @property
    def simulated(self) -> bool:
        """Whether the market is not live. Its rows must never mix with live ones."""
        return self.kind is not MarketKind.LIVE

    @property
    def kind(self) -> MarketKind:
        """The kind of market. A look-alike of Kite on this machine is a simulated one."""
        if self.source.can(Ability.RECORDED):
            return MarketKind.REPLAY
        is_simulated = self.source.is_simulated or self.lookalike
        return MarketKind.SIM if is_simulated else MarketKind.LIVE

    @property
    def streamed(self) -> bool:
        """Whether a ticker feeds the quote cache."""
        return self.source.can(Ability.STREAM) and self.ticker.enabled

    @property
    def lookalike(self) -> bool:
        """Whether the provider is a look-alike of Kite on this machine."""
        host = urlsplit(self.provider.root or "").hostname or ""
        return self.source.can(Ability.ACCOUNT) and is_loopback(host)

    @property
    def directory(self) -> Path:
        """The data directory in force: `data_dir`, or `demo_dir` unless the market is live."""
        # Two markets in one directory could not be told apart afterwards, nor two namespaces.
        base = self.demo_dir if self.simulated else self.data_dir
        return base if self.namespace == DEFAULT_NAMESPACE else base / self.namespace

    @property
    def csv_dir(self) -> Path:
        """Where CSV files go."""
        base = self.storage.csv.base_dir
        if base is None:
            return self.directory / Kind.CSV
        return base if self.namespace == DEFAULT_NAMESPACE else base / self.namespace

    @property
    def panels_dir(self) -> Path:
        """Where panel files go."""
        return self.directory / Folder.PANELS

    @property
    def scope(self) -> Literal["chain", "window"]:
        """The collection's scope in force: chain or window."""
        if self.collection.scope != "auto":
            return self.collection.scope
        return "chain" if self.interval >= 30 else "window"

    @property
    def wall_interval(self) -> float:
        """Wall seconds between two cycles, at least one."""
        # At full speed a replay waits for its cycles, so each of them has the whole interval.
        speed = self.market.speed if self.simulated else 1.0
        return float(self.interval) if speed == "max" else max(1.0, self.interval / speed)

    @property
    def stream_bounds(self) -> StreamBounds:
        """How many events the bus holds for subscribers, and for how long."""
        return stream_bounds(
            len(self.indices),
            self.wall_interval,
            float(self.heartbeat_interval),
            self.redis.max_events,
        )


def is_loopback(host: str) -> bool:
    """Tell whether a host is this machine.

    >>> is_loopback("127.0.0.2"), is_loopback("127.example.org")
    (True, False)
    """
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
