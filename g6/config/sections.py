"""The sections of the configuration: every key with type, bounds, default and meaning.

Times are seconds unless a key says otherwise.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
)

from g6.domain.market.calendar import in_utc
from g6.domain.market.expiry import BUCKETS, rule_of
from g6.domain.reports.bus_flow import MOST_EVENTS
from g6.errors import BadConfig


def _rule(text: str) -> str:
    """Return an expiry rule in its one spelling: a bucket, an ISO date or `nth_3`."""
    try:
        rule = rule_of(text)
    except BadConfig as error:
        raise ValueError(
            f"should be one of {', '.join(BUCKETS)}, a date such as 2026-12-29, or nth:N"
        ) from error
    return rule if isinstance(rule, str) else rule.isoformat()


def split(value: object) -> object:
    """Read a list written in an environment variable: JSON, or words between commas."""
    if not isinstance(value, str):
        return value
    if not value.lstrip().startswith("["):
        return [word.strip() for word in value.split(",") if word.strip()]
    try:
        return json.loads(value)
    except RecursionError as error:
        raise ValueError("is nested too deeply to be a list of words") from error


def _utc(instant: datetime) -> datetime:
    if instant.tzinfo is None:
        raise ValueError("should name its time zone, as 2026-11-18T05:30:00Z does")
    return in_utc(instant)


Instant = Annotated[datetime, AfterValidator(_utc)]
Rules = Annotated[tuple[Annotated[str, AfterValidator(_rule)], ...], BeforeValidator(split)]
Port = Annotated[int, Field(ge=0, le=65535)]
Switch = Literal["auto", "always", "never"]
Level = Literal["DEBUG", "INFO", "WARNING", "ERROR"]
ModuleLevel = Annotated[str, Field(pattern=r"^[A-Za-z_][\w.]*=(DEBUG|INFO|WARNING|ERROR)$")]


class Section(BaseModel):
    """The base of all sections: an unknown key is an error, and values never change."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class MarketSettings(Section):
    """The simulated market, and the pace of simulated and replayed time."""

    seed: int = Field(
        default=7, ge=0, description="the simulated market is a pure function of seed and instant"
    )
    start: Instant = Field(
        default=datetime(2026, 11, 18, 5, 30, tzinfo=UTC),
        description="market time at which a simulation starts (ISO-8601 with zone)",
    )
    origin: float | None = Field(
        default=None,
        description="look-alike: wall time (epoch seconds) at which its clock shows market.start; "
        "none: it shows the wall's time",
    )
    speed: Annotated[float, Field(gt=0)] | Literal["max"] = Field(
        default=1.0,
        description="market seconds per wall second; max (recordings): as fast as the cycles close",
    )
    skew: float = Field(
        default=1.0,
        ge=0,
        le=60,
        description="seconds at most by which the printed index lags the contracts",
    )
    event: Instant | None = Field(
        default=None,
        description="instant at which news comes, priced in beforehand (ISO-8601 with zone)",
    )
    faults: str = Field(
        default="", description="faults of the simulated market to switch on, words between commas"
    )


class IndexParams(Section):
    """What is collected of one index."""

    enabled: bool = Field(default=True, description="collect this index")
    expiries: Rules = Field(
        default=BUCKETS, description="buckets, ISO dates or nth:N, in any mixture"
    )
    strikes_itm: int = Field(
        default=10,
        ge=0,
        le=500,
        description="strikes below ATM of the window (scope window, CSV files, window PCR)",
    )
    strikes_otm: int = Field(
        default=10, ge=0, le=500, description="strikes above ATM of the window"
    )
    strike_step: float | None = Field(
        default=None, gt=0, description="points between strikes; none: read from the listed strikes"
    )


class CollectionSection(Section):
    """How much of a chain is asked for."""

    scope: Literal["auto", "chain", "window"] = Field(
        default="auto",
        description="chain: every listed strike of the expiries; window: strikes around ATM; "
        "auto: chain from 30 s intervals on",
    )
    reach: float = Field(
        default=0.0,
        ge=0,
        le=10,
        description="scope window: standard deviations to expiry that a window holds at least; 0: "
        "fixed",
    )
    most_strikes: int = Field(
        default=60,
        ge=1,
        le=500,
        description="strikes either side of ATM that reach may widen a window to",
    )
    salvage: bool = Field(
        default=False,
        description="put a contract under a wrong expiry where its symbol says it belongs; off: "
        "leave it out",
    )


class GreeksSettings(Section):
    """Implied volatility and Greeks, in fractions per year (0.055 is 5.5 %)."""

    enabled: bool = Field(default=True, description="compute implied volatility and Greeks")
    estimate_iv: bool = Field(
        default=True,
        description="solve for implied volatility; off: no option has one, nor Greeks, unless "
        "fallback_iv is set",
    )
    model: Literal["black76", "nse", "bse"] = Field(
        default="black76",
        description="black76 on the parity forward; nse, bse: the exchanges' own conventions, to "
        "compare",
    )
    risk_free_rate: float = Field(
        default=0.055, ge=-0.05, le=0.5, description="continuously compounded, fraction per year"
    )
    iv_min: float = Field(
        default=0.005, gt=0, description="smallest volatility that is believed, fraction"
    )
    iv_max: float = Field(
        default=5.0, gt=0, le=10, description="largest volatility that is believed, fraction"
    )
    iv_max_iterations: int = Field(
        default=100, ge=1, le=1000, description="iterations after which the solver gives up"
    )
    iv_precision: float = Field(
        default=1e-8,
        gt=0,
        le=0.01,
        description="a volatility whose last step was smaller than this fraction of it counts, "
        "even where iv_max_iterations are spent",
    )
    fallback_iv: float | None = Field(
        default=None,
        gt=0,
        le=5,
        description="volatility for Greeks where there is none, fraction; every field made of "
        "it is flagged",
    )


class QualitySettings(Section):
    """When a quote counts as good."""

    max_quote_age: float = Field(
        default=30.0, gt=0, description="seconds after which a quote is stale"
    )
    max_trade_age: float = Field(
        default=300.0, gt=0, description="seconds after which a last price is not analysed"
    )
    max_spread_points: float = Field(
        default=1.0, ge=0, description="a book narrower than this is never wide, index points"
    )
    max_spread_fraction: float = Field(
        default=0.10,
        gt=0,
        le=2,
        description="a book wider than this part of its mid is wide, fraction",
    )
    min_volume: float = Field(
        default=0.0, ge=0, description="least volume of the day for a quote to count, units"
    )
    min_oi: float = Field(
        default=0.0, ge=0, description="least open interest for a quote to count, units"
    )
    vol_pct: float = Field(
        default=0.0,
        ge=0,
        lt=100,
        description="percentile of its expiry's volumes that a quote's must reach to count, %; 0: "
        "none",
    )


class RedisSettings(Section):
    """The Redis server. Without an address an embedded one is started."""

    broker_url: str | None = Field(
        default=None,
        repr=False,
        description="address of the Redis server of queues, ledger and bus: redis://, rediss://, "
        "unix:// or sentinel://; none: an embedded server",
    )
    cache_url: str | None = Field(
        default=None,
        repr=False,
        description="address of another Redis server for frames and quote cache, which may evict",
    )
    master_name: str | None = Field(
        default=None, description="name of the master, for sentinel:// URLs"
    )
    max_memory: str = Field(
        default="1gb",
        pattern=r"^\d+(kb|mb|gb)?$",
        description="bytes that an embedded server may hold; beyond them writes are refused and "
        "nothing is evicted; 0: no limit",
    )
    max_events: int | None = Field(
        default=None,
        ge=1000,
        le=MOST_EVENTS,
        description="events that the bus holds for subscribers, after which the oldest go; none: "
        "20,000, and where cycles are less than 30 wall seconds apart those of twenty minutes, "
        "6,000 at least",
    )


class FrameSettings(Section):
    """Frames in Redis between the stages."""

    # A rerun reads raw quotes from the frame while it is there, else from the stored chain: an hour
    # after persistence it is needed no more, and without persistence it is the only copy. Of cycles
    # 5 s apart Redis held 16 MB after 8 of them and 57 after 62, and went on so for an hour.

    max_bytes: int = Field(
        default=512 * 1024**2,
        ge=1024**2,
        description="bytes all frames may take; the oldest persisted go first",
    )
    persisted_seconds: float | None = Field(
        default=None,
        gt=0,
        description="time to live of raw quotes once the unit is persisted; none: 60 cycles, five "
        "minutes at least and an hour at most, and an hour where storage.parquet is off",
    )
    unpersisted_seconds: float = Field(
        default=172800.0,
        gt=0,
        description="time to live of raw quotes while the unit is not persisted",
    )


class CsvSettings(Section):
    """CSV files for people and older tools."""

    enabled: bool = Field(default=True, description="write CSV files")
    base_dir: Path | None = Field(
        default=None,
        description="directory of the files; none: csv below the data directory (also "
        "G6_CSV_BASE_DIR)",
    )


class ParquetSettings(Section):
    """The store that code reads."""

    enabled: bool = Field(default=True, description="write Parquet files")


class StorageSettings(Section):
    """Sinks of persisted rows."""

    csv: CsvSettings = Field(default=CsvSettings(), description=CsvSettings.__doc__)
    parquet: ParquetSettings = Field(default=ParquetSettings(), description=ParquetSettings.__doc__)
    certificate_key: Path | None = Field(
        default=None,
        description="PEM file of the Ed25519 key that signs the certificates of compacted days; "
        "none: they are not signed",
    )


class PanelSettings(Section):
    """Panel documents."""

    validate_: Literal["off", "warn", "strict"] = Field(
        default="warn", alias="validate", description="check each panel against its JSON Schema"
    )
    verify_seconds: float = Field(
        default=60.0,
        ge=5,
        description="seconds between two checks of the panel files against their manifest",
    )


class FeatureSettings(Section):
    """Whole components that can be left out of `g6 up`."""

    serve: bool = Field(
        default=True, description="start the process that answers /metrics and /status"
    )
    second_beat: bool = Field(default=False, description="run two beats, so that one may die")


class ConsoleSettings(Section):
    """The output on a terminal."""

    banner: bool = Field(
        default=True,
        description="show the banner at start: version, indices, interval, provider, health",
    )
    colour: Switch = Field(
        default="auto",
        description="colours; auto: on a terminal (also G6_COLOR=0|1|auto, and NO_COLOR)",
    )
    ascii: Switch = Field(default="auto", description="plain ASCII; auto: in the C locale")


class LogSettings(Section):
    """Logging."""

    format: Literal["auto", "human", "json"] = Field(
        default="auto", description="auto: human on a terminal, else one JSON line per report"
    )
    level: Level = Field(default="INFO", description="least severity that is written")
    levels: Annotated[tuple[ModuleLevel, ...], BeforeValidator(split)] = Field(
        default=(),
        description="least severity by module, over `level`: g6.collect=DEBUG,kombu=INFO; "
        "modules of G6 are g6.cycle, g6.alert, g6.collect, g6.analyse, g6.persist, g6.publish; "
        "others go by their package's name",
    )
    rotate_bytes: int = Field(
        default=5 * 1024**2,
        ge=65_536,
        description="bytes from which on a file in DATA_DIR/logs begins anew; each day begins one",
    )
    keep_files: int = Field(
        default=14, ge=0, description="earlier log files that are kept of each process"
    )


class WorkerSettings(Section):
    """Processes of the workers of g6 up, run and demo. Elsewhere celery's -c sets them."""

    cycle: int | None = Field(
        default=None,
        ge=1,
        le=256,
        description="collect, analytics and manual; none: one per index, at least one per core, or "
        "one more than cores where a simulated market or a recording answers at once or memory is "
        "below 2 GB",
    )
    persist: int | None = Field(
        default=None,
        ge=1,
        le=256,
        description="persist: what is written to disk; no cycle waits for it; none: 2, or 1 on one "
        "core or where cycles are 30 wall seconds apart or more",
    )
    closing: int | None = Field(
        default=None,
        ge=1,
        le=256,
        description="aggregate and maintenance, never behind collection; none: 2, or 1 on one core",
    )
