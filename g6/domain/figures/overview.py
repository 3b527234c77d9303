"""One row per index and cycle: the unit in sixty numbers, and the facts that reports and metrics are made of."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from itertools import accumulate
from math import isfinite, nan
from typing import Any

import numpy as np
from numpy.typing import NDArray

from g6.domain.cycles.cycle import isoformat_z
from g6.domain.figures import volatility_smile
from g6.domain.figures.expiry_table import Ladders, ladders
from g6.domain.figures.whole_chain import MAX_MISSING_SHARE, WholeChain, whole_chains
from g6.domain.market.expiry import BUCKETS
from g6.domain.market.instrument import CE, PE
from g6.domain.market.slot import Slot, deviation_key
from g6.domain.pricing.chain import Chain
from g6.domain.pricing.quality import quality_counts, spot_source
from g6.domain.pricing.volatility import FAILED, SOLVED, WORDS
from g6.domain.schema import rows
from g6.domain.schema.words import Status

__all__ = ["MAX_MISSING_SHARE", "facts", "missing_row", "summarise", "summarise_all"]


def summarise(chain: Chain) -> dict[str, Any]:
    """Return the unit's overview row: keys of `rows.OVERVIEW`, JSON-able, None for what is not known.

    Figures named nearest, and those without a bucket, are of the nearest expiry whose fix lies ahead.
    """
    return summarise_all([chain])[0]


def summarise_all(chains: Sequence[Chain]) -> list[dict[str, Any]]:
    """Return what `summarise` does for each chain, every figure by one call for all of them."""
    if not chains:
        return []
    found = ladders(chains)
    whole = whole_chains(chains, found)
    starts = [0, *accumulate(len(chain.expiries) for chain in chains)]
    parts = zip(
        chains,
        _by_bucket(chains, found, whole, starts),
        _nearest(chains, found, whole, starts),
        strict=True,
    )
    return [
        _row({**_market(chain), **buckets, **near, **_coverage(chain), **_iv_counts(chain)})
        for chain, buckets, near in parts
    ]


def missing_row(
    cycle: str,
    index: str,
    status: str,
    reason: str,
    *,
    expected_mask: int | None = None,
    expiries_expected: int | None = None,
) -> dict[str, Any]:
    """Return the row of a unit of which nothing was analysed (MISSING) or begun (SKIPPED): it says why, and no figure."""
    known = {
        "timestamp": cycle, "underlying": index, "status": str(status), "reason": reason, "expected_mask": expected_mask,
        "collected_mask": 0, "missing_mask": expected_mask, "expiries_expected": expiries_expected, "expiries_collected": 0,
        "options": 0,
    }  # fmt: skip
    return {column.name: known.get(column.name) for column in rows.OVERVIEW}


def _row(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: form(values.get(name)) for name, form in _FORMS.items()}


def _number(value: Any) -> float | None:
    return None if value is None or not isfinite(value) else float(value)


def _count(value: Any) -> int | None:
    return None if value is None or not isfinite(value) else round(value)


def _instant(value: Any) -> str | None:
    return (
        value
        if value is None or isinstance(value, str)
        else isoformat_z(value)
        if isfinite(value)
        else None
    )


def _as_it_is(value: Any) -> Any:
    return value


_BY_KIND = {
    "float": _number,
    "iv": _number,
    "integer": _count,
    "flags": _count,
    "instant": _instant,
}
_FORMS: Mapping[str, Callable[[Any], Any]] = {
    column.name: _BY_KIND.get(column.kind, _as_it_is) for column in rows.OVERVIEW
}
"""How each figure is written as JSON has it."""


def _market(chain: Chain) -> dict[str, Any]:
    seen, stamp = chain.quotes.spot, chain.stamp
    return {
        "timestamp": stamp.cycle,
        "observed_at": chain.quotes.observed_at,
        "underlying": stamp.index,
        "spot": seen.spot,
        "spot_source": spot_source(seen, stamp.at.timestamp(), stamp.quality),
        "spot_age_seconds": stamp.at.timestamp() - seen.spot_time,
        "open": seen.open,
        "high": seen.high,
        "low": seen.low,
        "prev_close": seen.prev_close,
        "change_pct": volatility_smile.change_pct(seen.spot, seen.prev_close),
        "future": seen.future,
        "future_expiry": seen.future_expiry or None,
        "basis": seen.future - seen.spot,
        "vix": seen.vix,
        "day_width": seen.high - seen.low,
        "quote_age_seconds": _staleness(chain),
        "quote_source": ",".join(_sources(chain)),
    }


def _by_bucket(
    chains: Sequence[Chain], found: Ladders, whole: WholeChain, starts: Sequence[int]
) -> list[dict[str, float]]:  # fmt: skip
    """PCR over the whole chain and ATM volatility, per bucket."""
    pcr = whole.only_covered(volatility_smile.pcr(whole.oi)).tolist()
    atm_iv = found.atm_iv.tolist()
    out = []
    for chain, start in zip(chains, starts[:-1], strict=True):
        days = {slot.expiry: start + i for i, slot in enumerate(chain.expiries.slot)}
        places = {
            bucket: days[day]
            for bucket in BUCKETS
            if (day := chain.stamp.buckets.get(bucket)) in days
        }
        figures = {f"pcr_{bucket}": pcr[i] for bucket, i in places.items()}
        out.append(figures | {f"atm_iv_{bucket}": atm_iv[i] for bucket, i in places.items()})
    return out


def _nearest(
    chains: Sequence[Chain], found: Ladders, whole: WholeChain, starts: Sequence[int]
) -> list[dict[str, Any]]:  # fmt: skip
    """Figures of the nearest expiry whose fix lies ahead; only its name where no quotes of it came."""
    slots = [chain.nearest() for chain in chains]
    out: list[dict[str, Any]] = [
        {"expiry_nearest": slot.expiry.isoformat() if slot else None} for slot in slots
    ]
    places = {
        n: i
        for n, (chain, slot) in enumerate(zip(chains, slots, strict=True))
        if slot and (i := chain.expiries.place(slot.expiry)) is not None
    }
    if not places:
        return out
    mine = [starts[n] + i for n, i in places.items()]
    near = found.take(mine)
    deviation = volatility_smile.expected_move(near.forward, near.atm_iv, near.years)
    interest = _interest(near, whole.take(mine), deviation)
    figures = _figures([chains[n] for n in places], near, deviation) | interest
    for row, (n, i) in enumerate(places.items()):
        out[n] |= {name: values[row] for name, values in figures.items()} | {
            "forward_source": chains[n].expiries.source[i]
        }
        out[n]["forward_spread"] = chains[n].expiries.spread[i]
    return out


def _interest(
    near: Ladders, whole: WholeChain, deviation: NDArray[np.float64]
) -> dict[str, list[Any]]:
    """What open interest and volume of the whole chain say of one expiry of each chain; NaN where it is not whole."""
    levels = (whole.strike, whole.oi, whole.oi_prev, near.forward, deviation)
    figures = {
        "pcr_nearest": volatility_smile.pcr(whole.oi),
        "pcr_volume_nearest": volatility_smile.pcr(whole.volume),
        "max_pain_nearest": volatility_smile.max_pain(whole.strike, whole.oi),
        "support": volatility_smile.support(*levels).strike,
        "resistance": volatility_smile.resistance(*levels).strike,
        "oi_calls": volatility_smile.total(whole.oi, CE),
        "oi_puts": volatility_smile.total(whole.oi, PE),
        "oi_age_seconds": whole.age_seconds,
    }
    covered = {name: whole.only_covered(values).tolist() for name, values in figures.items()}
    return covered | {"oi_strikes": volatility_smile.strikes_with(whole.oi).tolist()}


def _figures(
    chains: Sequence[Chain], near: Ladders, deviation: NDArray[np.float64]
) -> dict[str, list[Any]]:
    """What prices and smile, and open interest in the window, say of one expiry of each chain."""
    rr25, bf25 = volatility_smile.risk_reversal_butterfly(
        near.strike, near.forward, near.iv, near.years, near.atm_iv
    )
    straddle = volatility_smile.straddle(near.strike, near.price, near.atm)
    low, high = (
        np.array([chain.stamp.window for chain in chains], dtype=np.float64)
        .reshape(-1, 2, 1)
        .swapaxes(0, 1)
    )
    window = ((near.offset >= -low) & (near.offset <= high))[:, None, :]
    figures = {
        "forward": near.forward,
        "atm": near.atm,
        "atm_spot": volatility_smile.strike_nearest(
            near.strike, np.array([chain.quotes.spot.spot for chain in chains])
        ),
        "pcr_window_nearest": volatility_smile.pcr(np.where(window, near.oi, nan)),
        "straddle_nearest": straddle,
        "em_sd": deviation,
        "em_straddle": volatility_smile.expected_move_straddle(straddle),
        "rr25": rr25,
        "bf25": bf25,
        "atm_iv_nearest": near.atm_iv,
    }
    return {name: values.tolist() for name, values in figures.items()}


def _coverage(chain: Chain) -> dict[str, Any]:
    """Masks, counts of expiries and options, and the unit's status: more than 5 % of an expiry's strikes missing is PARTIAL."""
    slots = {slot.expiry: slot for slot in chain.stamp.slots}
    shares = {day: _covered(chain, slot) for day, slot in slots.items()}
    collected = [slots[day] for day, share in shares.items() if share > 0]
    mask = sum(slot.mask for slot in collected)
    options = int(np.count_nonzero(chain.prices.listed & ~chain.prices.missing))
    status, reason = Status.OK, ""
    if not options:
        status, reason = Status.MISSING, "no_quotes"
    elif len(collected) < len(slots):
        status, reason = Status.PARTIAL, "expiry_missing"
    elif min(shares.values(), default=1.0) < 1 - MAX_MISSING_SHARE:
        status, reason = Status.PARTIAL, "strikes_missing"
    return {
        "expiries_expected": len(slots),
        "expiries_collected": len(collected),
        "expected_mask": chain.stamp.expected_mask,
        "collected_mask": mask & chain.stamp.expected_mask,
        "missing_mask": chain.stamp.expected_mask & ~mask,
        "options": options,
        "rejected": int(np.count_nonzero(chain.prices.missing)),
        "status": status.value,
        "reason": reason,
    }


def _covered(chain: Chain, slot: Slot) -> float:
    """Share of the strikes asked for that came, 0 to 1."""
    i = chain.expiries.place(slot.expiry)
    if i is None:
        return 0.0
    wanted = chain.expiries.wanted[i]
    return min(1.0, chain.expiries.collected[i] / wanted) if wanted else 0.0


def _iv_counts(chain: Chain) -> dict[str, int]:
    told = _statuses(chain, slice(None))
    solved, failed = (sum(told.get(word, 0) for word in kind) for kind in (SOLVED, FAILED))
    return {
        "iv_ok": solved,
        "iv_failed": failed,
        "iv_unavailable": sum(told.values()) - solved - failed,
    }


def _statuses(chain: Chain, mine: slice) -> dict[str, int]:
    """How many of the options that have a quote carry which word."""
    answered = (chain.prices.listed & ~chain.prices.missing)[:, mine]
    counts = np.bincount(chain.vol.code[:, mine][answered], minlength=len(WORDS)).tolist()
    return {word: count for word, count in zip(WORDS, counts, strict=True) if count}


def facts(chain: Chain) -> dict[str, Any]:
    """Return the counts that reports and metrics are made of; JSON-able.

    `iv` by bucket: ok, failed and unavailable by reason, over options that have a quote. `iterations` by bucket: sum and count
    over prices that the solver worked on, and over all of them how many took how many. `atm` by ISO expiry and `deviations` by
    `deviation_key`, points.
    """
    quotes, expiries, answered = (
        chain.quotes,
        chain.expiries,
        chain.prices.listed & ~chain.prices.missing,
    )
    worked = chain.vol.iterations[chain.vol.iterations > 0]
    buckets = [(slot.bucket, expiries.rows(i)) for i, slot in enumerate(expiries.slot)]
    return {
        "options": int(np.count_nonzero(answered)),
        "missing": int(np.count_nonzero(chain.prices.missing)),
        "iv": {bucket: _iv_facts(chain, mine) for bucket, mine in buckets},
        "iterations": {bucket: _iteration_facts(chain, mine) for bucket, mine in buckets},
        "iterations_histogram": {
            str(count): times for count, times in sorted(Counter(worked.tolist()).items())
        },
        "quality": quality_counts(chain.flags),
        "sources": dict(sorted(_sources(chain).items())),
        "expiries": [_expiry_facts(chain, slot) for slot in chain.stamp.slots],
        "staleness_seconds": _staleness(chain),
        "spot": quotes.spot.spot if isfinite(quotes.spot.spot) else None,
        "atm": {
            slot.expiry.isoformat(): atm
            for slot, atm in zip(expiries.slot, expiries.atm, strict=True)
            if isfinite(atm)
        },
        "deviations": {
            deviation_key(slot.expiry): points
            for i, slot in enumerate(expiries.slot)
            if isfinite(points := _deviation(chain, i))
        },
    }


def _sources(chain: Chain) -> dict[str, int]:
    """How many options that have a quote came from where, the most frequent first."""
    answered = chain.prices.listed & ~chain.prices.missing
    return dict(Counter(chain.quotes.source[answered].tolist()).most_common())


def _deviation(chain: Chain, i: int) -> float:
    """One standard deviation of an expiry to its fix, points."""
    expiries, mine = chain.expiries, chain.expiries.rows(i)
    sigma = volatility_smile.atm_iv(
        chain.quotes.strike[mine], expiries.forward[i], chain.vol.iv[:, mine]
    )
    return float(volatility_smile.expected_move(expiries.forward[i], sigma, expiries.years[i]))


def _iv_facts(chain: Chain, mine: slice) -> dict[str, Any]:
    words = _statuses(chain, mine)
    told = {*SOLVED, *FAILED}
    return {
        "ok": sum(words.get(word, 0) for word in SOLVED),
        "failed": sum(words.get(word, 0) for word in FAILED),
        "unavailable": {word: count for word, count in sorted(words.items()) if word not in told},
    }


def _iteration_facts(chain: Chain, mine: slice) -> dict[str, int]:
    spent = chain.vol.iterations[:, mine]
    return {"sum": int(spent.sum()), "count": int(np.count_nonzero(spent))}


def _expiry_facts(chain: Chain, slot: Slot) -> dict[str, Any]:
    i = chain.expiries.place(slot.expiry)
    coverage = _covered(chain, slot)
    status = (
        Status.OK
        if coverage >= 1 - MAX_MISSING_SHARE
        else Status.PARTIAL
        if coverage > 0
        else Status.MISSING
    )
    forward = nan if i is None else chain.expiries.forward[i]
    return {
        "bucket": slot.bucket,
        "expiry": slot.expiry.isoformat(),
        "strikes_wanted": slot.wanted,
        "strikes": 0 if i is None else chain.expiries.collected[i],
        "coverage": coverage,
        "status": status.value,
        "forward": forward if isfinite(forward) else None,
        "forward_source": "" if i is None else chain.expiries.source[i],
    }


def _staleness(chain: Chain) -> float | None:
    """Age of the freshest option quote at the cycle's instant, without times that of the index; None when neither has one."""
    ages = chain.prices.age_seconds
    youngest = np.min(ages, where=np.isfinite(ages), initial=np.inf)
    age = (
        float(youngest)
        if np.isfinite(youngest)
        else chain.stamp.at.timestamp() - chain.quotes.spot.spot_time
    )
    return max(0.0, age) if isfinite(age) else None
