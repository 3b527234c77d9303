"""The section of the server of time series."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field, SecretStr

from g6.config.sections import Section


class InfluxSettings(Section):
    """InfluxDB, or what speaks its write API: gets the window around the money, cycle by cycle."""

    url: str | None = Field(
        default=None,
        pattern=r"^https?://[^@/]+(/.*)?$",
        description="address of the server, such as http://127.0.0.1:8086; none: nothing is sent",
    )
    token: SecretStr | None = Field(
        default=None, min_length=1, description="what lets G6 write; none: influx.token_file says"
    )
    token_file: Path | None = Field(
        default=None, description="file that holds the token alone; none: no token is sent"
    )
    org: str = Field(default="g6", min_length=1, description="organisation that owns the bucket")
    bucket: str = Field(
        default="g6",
        pattern=r"^[A-Za-z0-9_.-]+$",
        description="where points go; rows of a simulated or replayed market, and of another "
        "namespace, go to buckets of their own: g6_sim, g6_replay, g6_NAMESPACE",
    )
    timeout_seconds: float = Field(
        default=10.0, gt=0, le=300, description="wall seconds for one request"
    )
    waiting_units: int = Field(
        default=200_000,
        ge=1,
        le=10_000_000,
        description="units that may wait while the server is away, some 70 days of six indices; "
        "what comes beyond is filled from the store",
    )
