"""The section of where quotes come from: the simulated market, a recording, a broker; its secrets are shown nowhere."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr

from g6.config.sections import Section


class ProviderSettings(Section):
    """Where quotes come from. Secrets belong into the environment (`.env.example`), never into a file that is shared."""

    name: str = Field(
        default="sim",
        pattern=r"^[a-z][a-z0-9_-]{0,31}$",
        description="sim: the simulated market; replay: a recording; kite: Zerodha's Kite Connect; g6 providers lists all",
    )
    recording: Path | None = Field(default=None, description="replay: file or directory to replay")
    layout: Path | None = Field(
        default=None,
        description="replay: TOML that says how a table is read, as an import keeps it",
    )
    strict: bool = Field(
        default=False,
        description="replay: refuse a recording that cannot be read whole; else what cannot be is left out and told",
    )
    root: str | None = Field(
        default=None,
        description="kite: address of the REST API; none: the broker's; a loopback one is a look-alike",
    )
    ws_root: str | None = Field(
        default=None, description="kite: address of the WebSocket; none: the broker's"
    )
    login_url: str | None = Field(
        default=None, description="kite: address of the login page; none: the broker's"
    )
    api_key: SecretStr | None = Field(
        default=None, description="kite: the API key (also KITE_API_KEY)"
    )
    api_secret: SecretStr | None = Field(
        default=None, description="kite: the API secret (also KITE_API_SECRET)"
    )
    access_token: SecretStr | None = Field(
        default=None, description="kite: an access token got elsewhere (also KITE_ACCESS_TOKEN)"
    )
    request_token: SecretStr | None = Field(
        default=None,
        description="kite: a request token that the first worker exchanges (also KITE_REQUEST_TOKEN)",
    )
    secrets_file: Path | None = Field(
        default=None,
        description="kite: file of KITE_…=… lines for the four above, read where they are not set",
    )
    token_provider: Literal["kite", "fake"] = Field(
        default="kite",
        description="kite: a person logs in; fake: the look-alike's own demo token (also G6_TOKEN_PROVIDER)",
    )
    headless: bool = Field(
        default=False,
        description="g6 login never opens a browser nor asks (also G6_TOKEN_HEADLESS)",
    )
    timeout: float = Field(
        default=7.0,
        gt=0,
        le=60,
        description="seconds of one request, never more than a quarter of the interval",
    )
    retries: int = Field(
        default=3,
        ge=0,
        le=10,
        description="further tries of a request that may succeed, within the unit's deadline",
    )
    retry_base: float = Field(
        default=0.25,
        gt=0,
        le=10,
        description="the first pause is random up to this; doubles with each try",
    )
    retry_cap: float = Field(default=4.0, gt=0, le=60, description="no pause is longer, seconds")
    breaker_failures: int = Field(
        default=5,
        ge=1,
        le=100,
        description="failures in a row after which the provider is left alone",
    )
    breaker_seconds: float = Field(
        default=30.0, gt=0, le=3600, description="how long, before one request tries again"
    )
    fallback: str | None = Field(
        default=None,
        description="provider that serves when this one fails; its rows carry its source",
    )
    fallback_root: str | None = Field(
        default=None, description="fallback kite: address of its REST API"
    )
    outage_threshold: float = Field(
        default=30.0, ge=0, description="seconds without an answer after which an outage is told"
    )
    outage_log_every: float = Field(
        default=300.0, gt=0, description="seconds between two lines about the same outage"
    )
