"""Settings: the one configuration model."""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from pydantic import Field, PrivateAttr, field_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from g6.config import sections as s
from g6.config.provider_section import ProviderSettings
from g6.config.sources import source_named
from g6.config.ticker_section import Ticker
from g6.domain.market.instrument import INDICES
from g6.ports.source import Ability, Source

SIX = ("NIFTY", "BANKNIFTY", "FINNIFTY", "MIDCPNIFTY", "SENSEX", "BANKEX")
DEFAULT_NAMESPACE = "g6"


class Settings(BaseSettings):
    """Everything that can be configured; frozen. `load` makes one from command line, environment, file and defaults."""

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
        description="stands before every key, queue and stream; another one than g6 also below every data directory",
    )
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
        description="wall seconds between two heartbeats, an even number: queues, workers, clocks, requests left",
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
    ticker: Ticker = Field(default=Ticker(), description=Ticker.__doc__)
    market: s.Market = Field(default=s.Market(), description=s.Market.__doc__)
    index_params: dict[str, s.IndexParams] = Field(
        default={name: s.IndexParams() for name in SIX}, description=s.IndexParams.__doc__
    )
    collection: s.Collection = Field(default=s.Collection(), description=s.Collection.__doc__)
    greeks: s.Greeks = Field(default=s.Greeks(), description=s.Greeks.__doc__)
    quality: s.Quality = Field(default=s.Quality(), description=s.Quality.__doc__)
    redis: s.Redis = Field(default=s.Redis(), description=s.Redis.__doc__)
    frames: s.FrameSettings = Field(default=s.FrameSettings(), description=s.FrameSettings.__doc__)
    storage: s.Storage = Field(default=s.Storage(), description=s.Storage.__doc__)
    panels: s.Panels = Field(default=s.Panels(), description=s.Panels.__doc__)
    features: s.Features = Field(default=s.Features(), description=s.Features.__doc__)
    console: s.ConsoleSettings = Field(
        default=s.ConsoleSettings(), description=s.ConsoleSettings.__doc__
    )
    log: s.Log = Field(default=s.Log(), description=s.Log.__doc__)
    serve: s.Serve = Field(default=s.Serve(), description=s.Serve.__doc__)
    workers: s.Workers = Field(default=s.Workers(), description=s.Workers.__doc__)
    status_file: Path | None = Field(
        default=None,
        description="file that g6 serve writes the runtime status to after every cycle; without g6 serve nothing does",
    )

    _origins: dict[str, str] = PrivateAttr(default_factory=dict)

    @field_validator("index_params", mode="before")
    @classmethod
    def _every_index(cls, given: Any) -> Any:
        """Lay what is said of some indices over the defaults of the six, so that naming one does not lose the others."""
        if not isinstance(given, dict):
            return given
        if unknown := [name for name in given if name not in INDICES]:
            raise ValueError(f"{unknown[0]!r} is no index; there are {', '.join(INDICES)}")
        return {name: s.IndexParams() for name in SIX} | given

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003 - pydantic-settings passes it by name, like the next three
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Read nothing behind the caller's back: `load` asks each source itself, to know where a value came from."""
        return (init_settings,)

    def with_origins(self, origins: Mapping[str, str]) -> Settings:
        """Return the settings, knowing where each value came from (dotted path → source)."""
        known = self.model_copy()
        known._origins = dict(origins)  # noqa: SLF001 - its own class
        return known

    @property
    def origins(self) -> Mapping[str, str]:
        """Where each value that is not a default came from."""
        return self._origins

    def origin(self, path: str) -> str:
        """Return where the value at a dotted path came from: `default`, a file, `env G6_…` or `command line`."""
        return self._origins.get(path, "default")

    @property
    def config_file(self) -> Path | None:
        """The configuration file that some value came from, None where no value did."""
        elsewhere = ("default", "command line", "given", "no file")
        files = {
            name
            for name in self._origins.values()
            if name not in elsewhere and not name.startswith("env ")
        }
        return Path(files.pop()).absolute() if files else None

    @property
    def indices(self) -> tuple[str, ...]:
        """The enabled indices, in the order of the model."""
        return tuple(
            name
            for name in INDICES
            if name in self.index_params and self.index_params[name].enabled
        )

    @property
    def source(self) -> Source:
        """The record of the source that `provider.name` names."""
        return source_named(self.provider.name)

    @property
    def simulated(self) -> bool:
        """Whether the market is not the live one, so that its rows must never mix with live ones."""
        return self.kind != "live"

    @property
    def kind(self) -> Literal["live", "sim", "replay"]:
        """Which kind of market this is; a broker's look-alike on loopback is a simulated one."""
        if self.source.can(Ability.RECORDED):
            return "replay"
        return "sim" if self.source.is_simulated or self.lookalike else "live"

    @property
    def streamed(self) -> bool:
        """Whether a ticker feeds the quote cache."""
        return self.source.can(Ability.STREAM) and self.ticker.enabled

    @property
    def lookalike(self) -> bool:
        """Whether the broker is a look-alike on this machine."""
        host = urlsplit(self.provider.root or "").hostname or ""
        return self.source.can(Ability.ACCOUNT) and is_loopback(host)

    @property
    def directory(self) -> Path:
        """The data directory in force: `demo_dir` for a simulated or replayed market, else `data_dir`; below it the namespace."""
        base = self.demo_dir if self.simulated else self.data_dir
        return base if self.namespace == DEFAULT_NAMESPACE else base / self.namespace

    @property
    def csv_dir(self) -> Path:
        """Where CSV files go."""
        base = self.storage.csv.base_dir
        if base is None:
            return self.directory / "csv"
        return base if self.namespace == DEFAULT_NAMESPACE else base / self.namespace

    @property
    def panels_dir(self) -> Path:
        """Where panel files go."""
        return self.directory / "panels"

    @property
    def scope(self) -> Literal["chain", "window"]:
        """The collection's scope in force: chain or window."""
        if self.collection.scope != "auto":
            return self.collection.scope
        return "chain" if self.interval >= 30 else "window"

    @property
    def wall_interval(self) -> float:
        """Wall seconds between two cycles, at least one; at full speed a replay hurries nobody: it has the whole interval."""
        speed = self.market.speed if self.simulated else 1.0
        return float(self.interval) if speed == "max" else max(1.0, self.interval / speed)


def is_loopback(host: str) -> bool:
    """Tell whether a host is this machine.

    >>> is_loopback("127.0.0.2"), is_loopback("127.example.org")
    (True, False)
    """
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
