"""Raw quotes of one unit as the market gave them, and the stamp that makes everything after them a function of them alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import date, datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from g6.domain.cycles.plan import Pricing, Quality
from g6.domain.market.expiry import Slot
from g6.domain.schema.frame import Frame, by_side
from g6.domain.schema.underlying import Underlying as Underlying  # noqa: PLC0414 - a name of this module, too

NAN = float("nan")
QUOTE_FIELDS = (
    "last", "bid", "ask", "bid_quantity", "ask_quantity", "buy_quantity", "sell_quantity",
    "open", "high", "low", "close", "volume", "oi", "oi_prev", "oi_day_high", "oi_day_low",
    "average_price", "last_trade_time", "quote_time", "bid_depth", "ask_depth",
)  # fmt: skip
"""Quantities of a quote that are `(2, n)` float64, NaN where the source gave nothing; times are epoch seconds.

`bid_depth` and `ask_depth` are the units of the five best levels, NaN where the source gives one level only.
"""
LEVELS = 5
DEPTH_FIELDS = tuple(
    f"{name}_{level}"
    for level in range(2, LEVELS + 1)
    for name in ("bid", "ask", "bid_quantity", "ask_quantity")
)
"""The levels behind the best, `(2, n)` float64 each: a frame has them where the source gives them, a row does not."""


@dataclass(frozen=True, slots=True)
class Quotes:
    """Quotes of one underlying's options, sorted by expiry and strike; n strikes over all expiries.

    `expiry` `(n,)` datetime64[D]; `strike`, `lot_size`, `tick_size` `(n,)`; `symbol`, `token`, `source` `(2, n)`
    (symbol "" where that side is not listed); `values[name]` `(2, n)` float64 for each of QUOTE_FIELDS, and for each of
    DEPTH_FIELDS where the source gives them.
    A key that was asked for and not answered has NaN in every field. `observed_at`: epoch seconds of the latest receipt.
    """

    underlying: str
    expiry: NDArray[np.datetime64]
    strike: NDArray[np.float64]
    lot_size: NDArray[np.int64]
    tick_size: NDArray[np.float64]
    symbol: NDArray[np.object_]
    token: NDArray[np.int64]
    source: NDArray[np.object_]
    values: Mapping[str, NDArray[np.float64]]
    spot: Underlying
    observed_at: float

    def __getattr__(self, name: str) -> NDArray[np.float64]:
        """Give `quotes.bid` for `quotes.values["bid"]`."""
        if name in QUOTE_FIELDS:
            return self.values[name]
        raise AttributeError(name)

    def __len__(self) -> int:
        return len(self.strike)

    def take(self, rows: NDArray[np.bool_]) -> Quotes:
        """Return the quotes of the strikes of a mask `(n,)`."""
        plain = {
            name: getattr(self, name)[rows]
            for name in ("expiry", "strike", "lot_size", "tick_size")
        }
        sided = {name: getattr(self, name)[:, rows] for name in ("symbol", "token", "source")}
        values = {name: array[:, rows] for name, array in self.values.items()}
        return replace(self, **plain, **sided, values=values)


def joined(units: Sequence[Quotes], names: Sequence[str]) -> Quotes:
    """Return the quotes of several units one after the other, of no one index and no one moment, with quantities `names` alone."""

    def along(name: str) -> NDArray[Any]:
        return np.concatenate([getattr(each, name) for each in units], axis=-1)

    plain = ("expiry", "strike", "lot_size", "tick_size", "symbol", "token", "source")
    return Quotes(
        "", **{name: along(name) for name in plain}, values={name: along(name) for name in names}, spot=Underlying(),
        observed_at=NAN,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Stamp:
    """Everything but the quotes that analysis reads. A rerun replaces `pricing`, `quality` and `config_id`, nothing else.

    `cycle` ISO instant; `slots` the distinct expiries wanted; `buckets` bucket → ISO date; `wanted` ISO expiry → strikes asked for;
    `fixes` ISO expiry → settlement fix (ISO instant); `atm` ISO expiry → ATM of the latest cycle analysed this session;
    `closes` ISO expiry → last trading instant; `controls` switches in force (for instance {"greeks": False}); `beyond` ISO expiry
    → what is known of the listed strikes that are no rows (see `chain_memory.beyond`), empty where the whole chain is collected.
    """

    cycle: str
    index: str
    config_id: str
    pricing: Pricing
    quality: Quality
    slots: tuple[Slot, ...]
    buckets: Mapping[str, str]
    expected_mask: int
    wanted: Mapping[str, int]
    fixes: Mapping[str, str]
    closes: Mapping[str, str]
    window: tuple[int, int] = (10, 10)
    atm: Mapping[str, float] = field(default_factory=dict)
    oi_prev_source: str = ""
    controls: Mapping[str, Any] = field(default_factory=dict)
    beyond: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    @property
    def at(self) -> datetime:
        """The cycle's instant, UTC."""
        return datetime.fromisoformat(self.cycle)

    def header(self) -> dict[str, Any]:
        """Write the stamp as JSON-able header."""
        slots = [[s.bucket, s.expiry.isoformat(), s.mask] for s in self.slots]
        fields = asdict(self) | {"slots": slots, "window": list(self.window)}
        if not self.beyond:
            # Headers of whole chains are what they were before windows had anything to tell.
            del fields["beyond"]
        return fields

    @classmethod
    def parse(cls, header: Mapping[str, Any]) -> Stamp:
        """Read what `header` wrote."""
        known = {name: header[name] for name in cls.__dataclass_fields__ if name in header}
        return cls(**known | {
            "pricing": Pricing(**header["pricing"]),
            "quality": Quality(**header["quality"]),
            "slots": tuple(Slot(bucket, date.fromisoformat(day), mask) for bucket, day, mask in header["slots"]),
            "window": tuple(header["window"]),
        })  # fmt: skip


def to_frame(quotes: Quotes, stamp: Stamp) -> Frame:
    """Pack quotes and stamp into the frame that stage `collect` leaves for stage `analyse`."""
    arrays = {
        **quotes.values,
        "symbol": quotes.symbol,
        "token": quotes.token,
        "source": quotes.source,
    }
    columns: dict[str, NDArray[Any]] = {
        "expiry": quotes.expiry, "strike": quotes.strike, "lot_size": quotes.lot_size, "tick_size": quotes.tick_size,
    }  # fmt: skip
    header = {
        "stamp": stamp.header(),
        "spot": asdict(quotes.spot),
        "observed_at": quotes.observed_at,
    }
    return Frame(header, columns | by_side(arrays, arrays))


def from_frame(frame: Frame) -> tuple[Quotes, Stamp]:
    """Unpack what `to_frame` packed; also reads a stored chain, whose raw columns have the same names."""
    stamp = Stamp.parse(frame.header["stamp"])
    plain = {name: frame.columns[name] for name in ("expiry", "strike", "lot_size", "tick_size")}
    sides = {name: frame.both_sides(name) for name in ("symbol", "token", "source")}
    unknown = np.full((2, len(frame)), NAN)
    # What collected this may be a version older, or a source without depth.
    values = {
        name: frame.both_sides(name) if f"ce_{name}" in frame.columns else unknown
        for name in QUOTE_FIELDS
    }
    values |= {
        name: frame.both_sides(name) for name in DEPTH_FIELDS if f"ce_{name}" in frame.columns
    }
    spot = Underlying(**frame.header["spot"])
    return Quotes(
        stamp.index,
        **plain,
        **sides,
        values=values,
        spot=spot,
        observed_at=frame.header["observed_at"],
    ), stamp
