"""The stamp of a unit's quotes: with it, everything that follows is a function of them alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from math import isfinite, nan
from typing import cast

import numpy as np

from g6.domain.cycles.cycle import isoformat_z
from g6.domain.cycles.plan import Pricing, Quality
from g6.domain.market.instrument import Contracts
from g6.domain.market.slot import Slot
from g6.domain.quotes.quotes import DEPTH_FIELDS, QUOTE_FIELDS, Quotes
from g6.domain.schema.beyond import Beyond
from g6.domain.schema.frame import ColumnValues, Frame, Header, by_side
from g6.domain.schema.json_reading import number, part, read_record, text, whole
from g6.domain.schema.json_types import plain_fields
from g6.domain.schema.underlying import Underlying

__all__ = [
    "LOST",
    "Stamp",
    "collection_of",
    "from_frame",
    "parse_window",
    "restamped",
    "settings_of",
    "to_frame",
]

LOST = "lost"
"""Stands for the configuration of a collection that nobody knows any more."""
_CONTRACT_COLUMNS = ("expiry", "strike", "lot_size", "tick_size")


@dataclass(frozen=True, slots=True)
class Stamp:
    """Everything but the quotes that analysis reads of a unit.

    A rerun replaces `pricing`, `quality` and `config_id`, and nothing else (`restamped`).

    Attributes:
        at: The cycle's instant, UTC.
        index: Name of the index.
        config_id: Names the configuration that the unit was collected under.
        pricing: How the chain is priced.
        quality: When a quote may be believed.
        slots: The distinct expiries that were asked for.
        buckets: The expiry of each rule that was asked for and is listed, by the rule's name.
        expected_mask: Bits of the buckets that are listed.
        window: Strikes below and above ATM that a window keeps.
        oi_prev_source: Where the open interest of the session before came from.
        greeks: Whether volatilities and Greeks are switched on.
        beyond: The listed strikes that are no rows, by expiry. Empty where the whole chain is
            collected.
        revised_from: The configuration of the collection where another one computed the rows
            again, `LOST` where nobody knows which that was, else empty.
    """

    at: datetime
    index: str
    config_id: str
    pricing: Pricing
    quality: Quality
    slots: tuple[Slot, ...]
    buckets: Mapping[str, date]
    expected_mask: int
    window: tuple[int, int] = (10, 10)
    oi_prev_source: str = ""
    greeks: bool = True
    beyond: Mapping[date, Beyond] = field(default_factory=dict)
    revised_from: str = ""

    @property
    def cycle(self) -> str:
        """The cycle's name: its instant as text."""
        return isoformat_z(self.at)

    @property
    def solves(self) -> bool:
        """Whether volatilities are looked for: by configuration and by the switch in force."""
        return self.pricing.enabled and self.greeks

    def header(self) -> dict[str, object]:
        """Write the stamp as a JSON-able header: instants and dates as text, one list a fact."""
        requested: dict[str, int] = {}
        fixes: dict[str, str] = {}
        closes: dict[str, str] = {}
        atm: dict[str, float] = {}
        for slot in self.slots:
            name = slot.expiry.isoformat()
            requested[name] = slot.requested
            if slot.fix is not None:
                fixes[name] = isoformat_z(slot.fix)
            if slot.close is not None:
                closes[name] = isoformat_z(slot.close)
            if isfinite(slot.atm):
                atm[name] = slot.atm
        header: dict[str, object] = {
            "cycle": self.cycle,
            "index": self.index,
            "config_id": self.config_id,
            "pricing": plain_fields(self.pricing),
            "quality": plain_fields(self.quality),
            "slots": [[slot.bucket, slot.expiry.isoformat(), slot.mask] for slot in self.slots],
            "buckets": {name: expiry.isoformat() for name, expiry in self.buckets.items()},
            "expected_mask": self.expected_mask,
            "wanted": requested,
            "fixes": fixes,
            "closes": closes,
            "window": list(self.window),
            "atm": atm,
            "oi_prev_source": self.oi_prev_source,
            "controls": {"greeks": self.greeks},
        }
        if self.beyond:
            # Headers of whole chains are what they were before windows had anything to tell.
            header["beyond"] = {day.isoformat(): part.header() for day, part in self.beyond.items()}
        if self.revised_from:
            header["revised_from"] = self.revised_from
        return header

    @classmethod
    def parse(cls, header: Header) -> Stamp:
        """Read what `header` wrote."""
        buckets = part(header, "buckets")
        beyond = part(header, "beyond")
        return cls(
            at=datetime.fromisoformat(text(header, "cycle")),
            index=text(header, "index"),
            config_id=text(header, "config_id"),
            pricing=read_record(Pricing, part(header, "pricing")),
            quality=read_record(Quality, part(header, "quality")),
            slots=_parse_slots(header),
            buckets={name: date.fromisoformat(text(buckets, name)) for name in buckets},
            expected_mask=whole(header, "expected_mask"),
            window=parse_window(header),
            oi_prev_source=str(header.get("oi_prev_source", "")),
            greeks=part(header, "controls").get("greeks", True) is not False,
            beyond={date.fromisoformat(day): Beyond.parse(part(beyond, day)) for day in beyond},
            revised_from=str(header.get("revised_from", "")),
        )


def restamped(header: Header, renewed: Mapping[str, object]) -> Header:
    """Return the header of a unit that is computed again under the settings of now.

    Args:
        header: As it is stored.
        renewed: What the settings say, with their `config_id`.

    >>> again = restamped({"stamp": {"config_id": "c1"}}, {"config_id": "c2"})
    >>> again["stamp"]
    {'config_id': 'c2', 'revised_from': 'c1'}
    >>> restamped(again, {"config_id": "c1"})["stamp"]
    {'config_id': 'c1'}
    """
    first = collection_of(Frame(header, {}))
    before = dict(part(header, "stamp"))
    before.pop("revised_from", None)
    stamp = {**before, **renewed}
    if first and first != renewed["config_id"]:
        stamp["revised_from"] = first
    return {**header, "stamp": stamp}


def collection_of(frame: Frame) -> str:
    """Return the name of the settings that a unit was collected under, empty where nobody says it.

    It is `LOST` of a chain that a repair made anew.

    >>> collection_of(Frame({"stamp": {"config_id": "c2", "revised_from": "c1"}}, {}))
    'c1'
    >>> collection_of(Frame({"stamp": {"config_id": "c2"}}, {}))
    'c2'
    """
    stamp = part(frame.header, "stamp")
    return str(stamp.get("revised_from") or stamp.get("config_id") or "")


def settings_of(frame: Frame) -> str:
    """Return the name of the settings that a unit's quotes or chain are stamped with.

    >>> settings_of(Frame({"stamp": {"config_id": "c1"}}, {}))
    'c1'
    """
    return str(part(frame.header, "stamp").get("config_id", ""))


def _parse_slots(header: Header) -> tuple[Slot, ...]:
    fixes = part(header, "fixes")
    closes = part(header, "closes")
    requested = part(header, "wanted")
    atm = part(header, "atm")
    slots = []
    for bucket, name, mask in cast("Sequence[tuple[str, str, int]]", header["slots"]):
        slots.append(
            Slot(
                date.fromisoformat(name),
                bucket,
                mask,
                fix=_instant(fixes, name),
                close=_instant(closes, name),
                requested=whole(requested, name) if name in requested else 0,
                atm=number(atm, name) if name in atm else nan,
            )
        )
    return tuple(slots)


def _instant(instants: Header, name: str) -> datetime | None:
    return datetime.fromisoformat(text(instants, name)) if instants.get(name) else None


def parse_window(header: Header) -> tuple[int, int]:
    """Return the strikes below and above ATM that a window keeps, by a stamp's header.

    >>> parse_window({"window": [5, 10]})
    (5, 10)
    """
    below, above = cast("Sequence[int]", header.get("window", (10, 10)))
    return below, above


def to_frame(quotes: Quotes, stamp: Stamp) -> Frame:
    """Pack quotes and stamp into the frame that stage `collect` leaves for stage `analyse`.

    >>> from g6.simulation.example_unit import QUOTES, STAMP
    >>> [*to_frame(QUOTES, STAMP).header]
    ['stamp', 'spot', 'observed_at']
    """
    contracts = quotes.contracts
    columns: dict[str, ColumnValues] = {
        name: getattr(contracts, name) for name in _CONTRACT_COLUMNS
    }
    sides = {
        **quotes.values,
        "symbol": contracts.symbol,
        "token": contracts.token,
        "source": quotes.source,
    }
    header = {
        "stamp": stamp.header(),
        "spot": quotes.market.header(),
        "observed_at": quotes.observed_at,
    }
    return Frame(header, columns | by_side(sides, sides))


def from_frame(frame: Frame) -> tuple[Quotes, Stamp]:
    """Unpack what `to_frame` packed. Raw columns of a stored chain have the same names.

    >>> from g6.simulation.example_unit import QUOTES, STAMP
    >>> quotes, stamp = from_frame(to_frame(QUOTES, STAMP))
    >>> stamp == STAMP
    True
    """
    stamp = Stamp.parse(part(frame.header, "stamp"))
    contracts = Contracts(
        underlying=stamp.index,
        **{name: frame.columns[name] for name in _CONTRACT_COLUMNS},
        symbol=frame.sides["symbol"],
        token=frame.sides["token"],
    )
    # What collected this may be a version older, or a source without depth.
    there = [name for name in (*QUOTE_FIELDS, *DEPTH_FIELDS) if f"ce_{name}" in frame.columns]
    unknown = np.full((2, len(frame)), nan)
    values = dict.fromkeys(QUOTE_FIELDS, unknown) | {name: frame.sides[name] for name in there}
    quotes = Quotes(
        contracts,
        source=frame.sides["source"],
        values=values,
        market=Underlying.parse(part(frame.header, "spot")),
        observed_at=number(frame.header, "observed_at"),
    )
    return quotes, stamp
