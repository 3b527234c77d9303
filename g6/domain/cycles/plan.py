"""What to collect and how to price it: the settings that the use cases need, as values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import date
from typing import Literal

from g6.domain.market.instrument import Index, exchanges_of

Model = Literal["black76", "nse", "bse"]


@dataclass(frozen=True, slots=True)
class Pricing:
    """How a chain is priced.

    Volatilities and rates are fractions (0.055 is 5.5 %), rates continuously compounded.
    """

    model: Model = "black76"
    risk_free_rate: float = 0.055
    enabled: bool = True
    estimate_iv: bool = True
    iv_min: float = 0.005
    iv_max: float = 5.0
    iv_max_iterations: int = 100
    iv_precision: float = 1e-8
    fallback_iv: float | None = None


@dataclass(frozen=True, slots=True)
class Quality:
    """When a quote may be believed and counts.

    Attributes:
        max_quote_age: Market seconds.
        max_trade_age: Market seconds of a last price without a book.
        max_spread_points: Width of a book in points.
        max_spread_fraction: Width of a book as a fraction of its mid.
        min_volume: Units of the underlying.
        min_oi: Units of the underlying.
        vol_pct: Percentile of an expiry's volume below which an option is thin.
    """

    max_quote_age: float = 30.0
    max_trade_age: float = 300.0
    max_spread_points: float = 1.0
    max_spread_fraction: float = 0.10
    min_volume: float = 0.0
    min_oi: float = 0.0
    vol_pct: float = 0.0


@dataclass(frozen=True, slots=True)
class IndexPlan:
    """What is collected of one index.

    Attributes:
        rules: Bucket rules: see `expiry.resolve`.
        strikes_itm: Strikes in the money of a window.
        strikes_otm: Strikes out of the money of a window.
    """

    index: Index
    rules: tuple[str | date, ...]
    strikes_itm: int = 10
    strikes_otm: int = 10
    strike_step: float | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """The decisions of one configuration.

    Attributes:
        interval: Market seconds between cycles.
        config_id: The configuration's name.
        reach: Standard deviations to expiry that a window holds at least.
        most_strikes: Strikes either side that a window may then have.
        salvage: Whether contracts under a wrong expiry are put where their symbol says.
    """

    interval: int
    indices: Mapping[str, IndexPlan]
    scope: Literal["chain", "window"] = "chain"
    pricing: Pricing = field(default_factory=Pricing)
    quality: Quality = field(default_factory=Quality)
    config_id: str = ""
    reach: float = 0.0
    most_strikes: int = 60
    salvage: bool = False

    @property
    def exchanges(self) -> tuple[str, ...]:
        """The exchanges of the indices, in alphabetical order."""
        return exchanges_of(plan.index for plan in self.indices.values())

    def stamp(self) -> dict[str, object]:
        """Return what a later stage reads of the plan: the header's part that a rerun renews."""
        return {
            "config_id": self.config_id,
            "pricing": asdict(self.pricing),
            "quality": asdict(self.quality),
        }
