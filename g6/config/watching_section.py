"""The sections of what watches the system, and of what is cut back when memory fills."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr

from g6.config.sections import Port, Section
from g6.domain.cycles.memory_pressure import PressureRules
from g6.domain.reports.option_detail import DetailMode, DetailRules

UNITS = {"kb": 1024, "mb": 1024**2, "gb": 1024**3}


class MemorySettings(Section):
    """Memory of the workers, and when work is cut back so that no worker is killed for it."""

    limit: str = Field(
        default="auto",
        pattern=r"^(auto|\d+(kb|mb|gb)?)$",
        description="bytes that the workers of one host may take; from 70, 80, 88 and 95 % of them "
        "on more and more work is left out; auto: three quarters of the host's memory; 0: no limit",
    )

    @property
    def rules(self) -> PressureRules:
        """When work is cut back."""
        if self.limit == "auto":
            return PressureRules()
        digits = self.limit.rstrip("kmgb")
        unit = UNITS.get(self.limit.removeprefix(digits), 1)
        return PressureRules(limit_bytes=float(digits) * unit)


class MetricSettings(Section):
    """Metric series of single options, which are off unless somebody wants them."""

    option_detail: Literal["aggregate", "band", "full"] = Field(
        default="aggregate",
        description="options with series of their own: aggregate: none; band: around the money; "
        "full: all; a chain of more than metrics.option_most is shown in a narrower mode",
    )
    option_band: int = Field(
        default=5, ge=0, le=50, description="strikes on each side of the money, with band"
    )
    option_most: int = Field(
        default=400, ge=1, le=2000, description="options of one index that have series, at most"
    )

    @property
    def rules(self) -> DetailRules:
        """Which options have series of their own."""
        return DetailRules(DetailMode(self.option_detail), self.option_band, self.option_most)


class FlowerSettings(Section):
    """Flower beside `g6 up --with-flower`, which asks for a password wherever it listens."""

    host: str = Field(default="127.0.0.1", description="address that Flower listens on")
    port: Port = Field(default=5555, description="port of Flower; 0: any free one")
    user: str = Field(
        default="g6", pattern=r"^[^:\s,]+$", description="name that Flower asks a browser for"
    )
    password: SecretStr | None = Field(
        default=None,
        min_length=12,
        description="password that Flower asks a browser for; none: one is made and kept in the "
        "file flower/password below the data directory, which only its owner reads",
    )


class TracingSettings(Section):
    """Traces of cycles, from beat to panels, sent by `g6 serve` to an OpenTelemetry collector."""

    otlp_endpoint: str | None = Field(
        default=None,
        pattern=r"^https?://",
        description="address that traces are posted to by OTLP over HTTP, such as "
        "http://127.0.0.1:4318/v1/traces; none: no traces",
    )


class AlertSettings(Section):
    """Rules over figures that tell people, on channels of apprise."""

    rules_file: Path | None = Field(
        default=None,
        description="TOML file of rules, which g6 alert add appends to; none: alerts.toml beside "
        "the configuration file, or in config",
    )
    channels: SecretStr | None = Field(
        default=None,
        min_length=1,
        description="addresses of apprise, with spaces between them: tgram://, mailto://, json://, "
        "dbus://; a secret, best set as G6_ALERTS__CHANNELS; none: alerts.channels_file says",
    )
    channels_file: Path | None = Field(
        default=None,
        description="file of addresses, one a line, that its owner alone can read (mode 600); "
        "none: nobody is told",
    )
