"""What to collect and how to price it: the settings that the use cases need, as values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import date
from typing import Any, Literal

from g6.domain.market.instrument import Index, exchanges_of

Model = Literal["black76", "nse", "bse"]


@dataclass(frozen=True, slots=True)
class Pricing:
    """How a chain is priced. Volatilities and rates are fractions (0.055 is 5.5 %), continuously compounded."""

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
    """When a quote may be believed and counts: ages in seconds, width in points and as a fraction of the mid, units, percent."""

    max_quote_age: float = 30.0
    max_trade_age: float = 300.0
    max_spread_points: float = 1.0
    max_spread_fraction: float = 0.10
    min_volume: float = 0.0
    min_oi: float = 0.0
    vol_pct: float = 0.0


@dataclass(frozen=True, slots=True)
class IndexPlan:
    """What is collected of one index: bucket rules (see `expiry.resolve`) and strikes either side of ATM."""

    index: Index
    rules: tuple[str | date, ...]
    strikes_itm: int = 10
    strikes_otm: int = 10
    strike_step: float | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """One configuration's worth of decisions. `interval` is in market seconds, `config_id` names the configuration.

    In scope window `reach` is how many standard deviations to expiry a window holds at least, `most_strikes` how many strikes
    either side it may then have; `salvage`: whether contracts under a wrong expiry are put where their symbol says.
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

    def stamp(self) -> dict[str, Any]:
        """Return the part of a quotes frame's header that a rerun writes afresh: everything a later stage reads of the plan."""
        return {
            "config_id": self.config_id,
            "pricing": asdict(self.pricing),
            "quality": asdict(self.quality),
        }
