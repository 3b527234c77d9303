"""The section of the provider: the simulated market, a recording, or Kite."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr

from g6.config.sections import Section


class ProviderSettings(Section):
    """Where quotes come from. Secrets belong into the environment, never into a shared file."""

    name: str = Field(
        default="sim",
        pattern=r"^[a-z][a-z0-9_-]{0,31}$",
        description="sim: the simulated market; replay: a recording; kite: Zerodha's Kite "
        "Connect; g6 providers lists all of them",
    )
    recording: Path | None = Field(default=None, description="replay: file or directory to replay")
    stored_from: datetime | None = Field(
        default=None,
        description="replay: first instant of a data directory whose units are computed again as "
        "they were stamped, which g6 replay sets; none: quotes alone are taken",
    )
    stored_to: datetime | None = Field(
        default=None, description="replay: last such instant; none: the newest stored one"
    )
    layout: Path | None = Field(
        default=None,
        description="replay: the TOML file that says how a table is read, as g6 import table "
        "keeps it",
    )
    strict: bool = Field(
        default=False,
        description="replay: refuse a recording of which some part cannot be read; false: leave "
        "that part out and say so",
    )
    root: str | None = Field(
        default=None,
        description="kite: address of the REST API; none: Kite's own; one on this machine is a "
        "look-alike",
    )
    ws_root: str | None = Field(
        default=None, description="kite: address of the WebSocket; none: Kite's own"
    )
    login_url: str | None = Field(
        default=None, description="kite: address of the login page; none: Kite's own"
    )
    api_key: SecretStr | None = Field(
        default=None, description="kite: the API key (also KITE_API_KEY)"
    )
    api_secret: SecretStr | None = Field(
        default=None, description="kite: the API secret (also KITE_API_SECRET)"
    )
    access_token: SecretStr | None = Field(
        default=None, description="kite: an access token from elsewhere (also KITE_ACCESS_TOKEN)"
    )
    request_token: SecretStr | None = Field(
        default=None,
        description="kite: a request token that the first worker exchanges (also "
        "KITE_REQUEST_TOKEN)",
    )
    secrets_file: Path | None = Field(
        default=None,
        description="kite: file of KITE_…=… lines for the four settings above, read where they "
        "are not set",
    )
    token_provider: Literal["kite", "fake"] = Field(
        default="kite",
        description="kite: a person logs in; fake: the look-alike's own demo token (also "
        "G6_TOKEN_PROVIDER)",
    )
    headless: bool = Field(
        default=False,
        description="g6 login neither opens a browser nor asks anything (also G6_TOKEN_HEADLESS)",
    )
    # Seven seconds are kiteconnect's own default; a dump of 7 MB needs some of them.
    timeout: float = Field(
        default=7.0,
        gt=0,
        le=60,
        description="seconds that one request may take, never more than a quarter of the interval",
    )
    retries: int = Field(
        default=3,
        ge=0,
        le=10,
        description="how often a failed request that may succeed is tried again, within the "
        "unit's deadline",
    )
    retry_base: float = Field(
        default=0.25,
        gt=0,
        le=10,
        description="seconds of the longest first pause; the pause is random, and its limit "
        "doubles with each try",
    )
    retry_cap: float = Field(
        default=4.0, gt=0, le=60, description="seconds of the longest pause between two tries"
    )
    breaker_failures: int = Field(
        default=5,
        ge=1,
        le=100,
        description="failures in a row after which the provider is not asked any more for a while",
    )
    breaker_seconds: float = Field(
        default=30.0, gt=0, le=3600, description="seconds until one request asks it again"
    )
    # A simulated market or a recording has no quotes of today, so neither can be the fallback.
    fallback: str | None = Field(
        default=None,
        description="provider that serves while this one fails; its rows name it as their source",
    )
    fallback_root: str | None = Field(
        default=None, description="fallback kite: address of its REST API"
    )
    outage_threshold: float = Field(
        default=30.0,
        ge=0,
        description="seconds without an answer after which an outage is reported",
    )
    outage_log_every: float = Field(
        default=300.0, gt=0, description="seconds between two lines about the same outage"
    )
