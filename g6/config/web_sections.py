"""The sections of what answers over HTTP and of what watches beside it."""

from __future__ import annotations

from typing import Annotated

from pydantic import BeforeValidator, Field, IPvAnyNetwork, SecretStr

from g6.config.sections import Port, Section, split


class ServeSettings(Section):
    """The process that answers over HTTP. Port 0 is any free one."""

    host: str = Field(
        default="127.0.0.1",
        description="address to listen on; beyond the loopback with serve.token only",
    )
    token: SecretStr | None = Field(
        default=None,
        min_length=16,
        description="who asks must send it as Authorization: Bearer; /healthz answers everybody",
    )
    metrics_port: Port = Field(default=9108, description="port of /metrics")
    web_port: Port = Field(default=9109, description="port of /status and the web pages")
    allowed_addresses: Annotated[tuple[IPvAnyNetwork, ...], BeforeValidator(split)] = Field(
        default=(), description="addresses and networks that may ask; none: all"
    )
    allowed_agents: Annotated[tuple[str, ...], BeforeValidator(split)] = Field(
        default=(), description="beginnings of user agents that may ask; none: all"
    )
    allowed_hosts: Annotated[tuple[str, ...], BeforeValidator(split)] = Field(
        default=(),
        description="names that a proxy forwards, beside the loopback's; with serve.token: any",
    )
    requests_per_second: float = Field(
        default=0.0, ge=0, le=10_000, description="of one address, twice as many at once; 0: any"
    )
    connections_per_address: int = Field(
        default=0, ge=0, le=100_000, description="open at once on a port; 0: any"
    )
    control: bool = Field(
        default=False, description="whether POST /v1/control throws switches; needs serve.token"
    )
    stream_events: int = Field(
        default=4096,
        ge=16,
        le=1_000_000,
        description="events that a listener who comes back can still be sent",
    )
    stream_backlog_bytes: int = Field(
        default=65_536,
        ge=4096,
        le=16_777_216,
        description="bytes that may wait for a listener that does not read",
    )
    stream_backlog_warn: float = Field(
        default=0.5, gt=0, le=1, description="share of them from which it is counted as slow"
    )
    stream_backlog_degrade: float = Field(
        default=1.0, gt=0, le=16, description="share from which it is sent nothing more"
    )
    stream_backlog_exit: float = Field(
        default=0.25, ge=0, le=1, description="share below which it may come back"
    )
    stream_calm_seconds: float = Field(
        default=0.25, ge=0, le=60, description="how long it must then stay below"
    )
    stream_cooldown_seconds: float = Field(
        default=1.0, ge=0, le=600, description="how long it is sent nothing at least"
    )
    stream_trace_every: int = Field(
        default=1, ge=0, le=100_000, description="one cycle of so many carries a trace; 0: none"
    )


class ObserverSettings(Section):
    """Prometheus and Alertmanager beside `g6 up --with-observability`. Port 0 is any free one."""

    prometheus_port: Port = Field(default=9090, description="port of Prometheus")
    alertmanager_port: Port = Field(default=9093, description="port of Alertmanager")
    webhook: str | None = Field(
        default=None,
        description="address that alerts are posted to, with the urgency as last part of its path",
    )
