"""Which stored units a study looks at: an index, an instant, an expiry."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

import numpy as np

from g6.domain.cycles.cycle import Unit, parse_z
from g6.domain.market.expiry import BIT
from g6.domain.market.instants import instant_in_words
from g6.domain.market.instrument import INDICES
from g6.domain.schema.chain import Chain, ChainExpiry
from g6.domain.schema.frame import Frame
from g6.domain.schema.json_reading import part, text
from g6.domain.schema.nearest import nearest, no_such
from g6.errors import NothingToDo
from g6.ports.readers import StoredReader

# How far back to look, the nearest first: every span costs a look at each of its cycles. Four days
# reach over a weekend with a holiday beside it.
_SPANS = tuple(timedelta(days=days) for days in (1, 4, 15))
# The newest unit nearly always has its chain. Where rows were observed later or are damaged, so
# many units before it are tried.
_CYCLES_TRIED = 100
EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
"""An instant before every option on an index of India."""


def units(reader: StoredReader, index: str, at: datetime | None, count: int) -> list[Unit]:
    """Return the last `count` stored units of an index, oldest first, from at most 15 days.

    Args:
        reader: The stored rows.
        index: The underlying's name, in either case.
        at: No later cycle. None for the newest ones.
        count: How many at most.

    Raises:
        UserError: There is no such index.
        NothingToDo: Nothing of it is stored.
    """
    name = known_index(index)
    stored: list[Unit] = []
    # Rows of the overview are small and in one file a day; chains are not read to be counted.
    for span in _SPANS:
        stored = [
            Unit(cycle, name) for cycle, indices in _cycles(reader, at, span) if name in indices
        ]
        if len(stored) >= count:
            break
    if not stored:
        raise NothingToDo(
            f"nothing of {name} is stored in {reader.place}{_up_to(at)}{_there(reader, name)}",
            _listing_hint(reader),
        )
    return stored[-count:]


def every_nth(units: Sequence[Unit], every: int) -> list[Unit]:
    """Return every Nth unit, counted back from the last, so that the newest is among them.

    >>> units = [Unit(f"2026-11-18T05:3{minute}:00Z", "NIFTY") for minute in range(5)]
    >>> [unit.cycle[14:16] for unit in every_nth(units, 3)]
    ['31', '34']
    """
    return list(units[::-1][::every][::-1])


def indices_at(reader: StoredReader, at: datetime | None) -> list[str]:
    """Return the indices of the newest stored cycle that is not later than `at`.

    Raises:
        NothingToDo: Nothing is stored.
    """
    cycles = _cycles(reader, at, _SPANS[0])
    if not cycles:
        raise _nothing(reader, at)
    return sorted(cycles[-1][1])


def indices_lately(reader: StoredReader, at: datetime | None) -> list[str]:
    """Return the indices of the cycles of the last day before the newest one that is not later.

    Raises:
        NothingToDo: Nothing is stored.
    """
    cycles = _cycles(reader, at, _SPANS[0])
    if not cycles:
        raise _nothing(reader, at)
    return sorted(frozenset().union(*(indices for _, indices in cycles)))


def cycles_until(reader: StoredReader, at: datetime | None) -> list[str]:
    """Return the stored cycles that are not later than `at`, oldest first, of a few days.

    Raises:
        NothingToDo: Nothing is stored.
    """
    for span in _SPANS:
        cycles = [cycle for cycle, _ in _cycles(reader, at, span)]
        if cycles:
            return cycles
    raise _nothing(reader, at)


def latest(reader: StoredReader, index: str, at: datetime | None) -> tuple[Unit, Frame]:
    """Return the newest stored chain of an index that was observed by `at`.

    Raises:
        NothingToDo: No chain of it is stored.
    """
    for count in (1, _CYCLES_TRIED):
        for unit in reversed(units(reader, index, at, count)):
            frame = reader.chain(unit)
            if frame is not None and len(frame) and is_observed_by(frame, at):
                return unit, frame
    raise NothingToDo(
        f"no chain of {index.upper()} is stored in {reader.place}", _listing_hint(reader)
    )


def chains(reader: StoredReader, of: Sequence[Unit], at: datetime | None) -> list[Frame]:
    """Return the chains of these units that were observed by `at`, in their order.

    Raises:
        NothingToDo: None of the units has one.
    """
    stored = [
        frame
        for frame in reader.chains(of)
        if frame is not None and len(frame) and is_observed_by(frame, at)
    ]
    if not stored:
        raise NothingToDo(f"no chain of these cycles is stored in {reader.place}")
    return stored


def of_expiry(frame: Frame, expiry: str | None) -> Frame:
    """Return the rows of one expiry of a stored chain.

    Args:
        frame: A stored chain.
        expiry: As `expiry_of` takes it.

    Raises:
        NothingToDo: The chain has no such expiry.
    """
    return frame.take(expiry_of(Chain.of_rows(frame), expiry).rows)


def of_one_expiry(chains: Sequence[Chain], expiry: str | None) -> list[Chain]:
    """Return the chain of one expiry at each cycle. Cycles without it are left out.

    Args:
        chains: Ascending.
        expiry: As `expiry_of` takes it, an expiry of the last chain.

    Raises:
        NothingToDo: The last chain has no such expiry.
    """
    day = expiry_of(chains[-1], expiry).day
    cut = [chain.expiry(day) for chain in chains]
    return [chain for chain in cut if len(chain)]


def expiry_of(chain: Chain, expiry: str | None) -> ChainExpiry:
    """Return one expiry of a chain.

    Args:
        chain: A stored chain.
        expiry: A day, a bucket, `weekly` or `monthly`. None for the nearest one whose fix lies
            ahead.

    Raises:
        NothingToDo: The chain has no such expiry.
    """
    if expiry is None:
        return chain.nearest() or chain.expiries[0]
    word = expiry.strip().lower().replace(" ", "_")
    bucket = EXPIRY_WORDS.get(word, word)
    own = chain.of_bucket(bucket) if bucket in BIT else _of_day(chain, expiry, word)
    if own is not None:
        return own
    raise NothingToDo(
        f"there is no expiry {expiry!r} in the chain of {moment_of(chain)}",
        _expiry_hint(word, chain),
    )


def _of_day(chain: Chain, text: str, bucket: str) -> ChainExpiry | None:
    """Return the expiry of a day, or the one that was collected as a bucket of another name."""
    day = _iso_day(text, chain.expiries)
    for expiry in chain.expiries:
        if str(expiry.day) == day or expiry.bucket == bucket:
            return expiry
    return None


EXPIRY_WORDS: Mapping[str, str] = {"weekly": "this_week", "monthly": "this_month"}
"""Words of traders for buckets."""
_SHORT_DAYS = ("%d %b %Y", "%d %b", "%d%b%Y", "%d%b", "%a %d %b %Y", "%a %d %b")


def _iso_day(text: str, expiries: Sequence[ChainExpiry]) -> str:
    """Return a day such as `24 Nov` as ISO text, of the year of the listed day that it fits."""
    for form in _SHORT_DAYS:
        for expiry in expiries:
            if f"{expiry.day:{form}}".lower() == text.strip().lower().zfill(
                len(f"{expiry.day:{form}}")
            ):
                return str(expiry.day)
    return text.strip()


def _expiry_hint(word: str, chain: Chain) -> str:
    """Return the word or day that is near a mistyped one, and all that the chain has."""
    days = [str(expiry.day) for expiry in chain.expiries]
    near = nearest(word, [*BIT, *EXPIRY_WORDS, *days])
    meant = f"did you mean {near}? " if near else ""
    return f"{meant}there are {_listed(chain)}"


def _listed(chain: Chain) -> str:
    """Return the expiries of a chain with their buckets, as an option takes them."""
    lines = []
    for expiry in chain.expiries:
        names = buckets_of(expiry)
        lines.append(f"{expiry.day} ({', '.join(names)})" if names else str(expiry.day))
    return ", ".join(lines)


def buckets_of(expiry: ChainExpiry) -> tuple[str, ...]:
    """Return the buckets that an expiry fills."""
    return tuple(name for name, bit in BIT.items() if expiry.mask & bit)


def moment_of(chain: Chain) -> str:
    """Return when a chain was collected, as a sentence names it."""
    return instant_in_words(datetime.fromtimestamp(chain.instant, UTC))


def is_observed_by(frame: Frame, at: datetime | None) -> bool:
    """Tell whether every row of a chain was known at an instant.

    Without an instant it was. Rows that have no instant of their own count as observed at their
    cycle's.
    """
    if at is None:
        return True
    # A backfilled chain was observed when it was repaired, days after its cycle.
    cycle = parse_z(text(part(frame.header, "stamp"), "cycle")).timestamp()
    last = float(np.nanmax(frame.columns["observed_at"], initial=cycle))
    return last <= at.timestamp()


def known_index(index: object) -> str:
    """Return the name of an index as the exchanges write it.

    Raises:
        UserError: G6 knows no such index.

    >>> known_index("nifty")
    'NIFTY'
    """
    name = str(index).upper()
    if name not in INDICES:
        raise no_such("index", index, INDICES)
    return name


def _listing_hint(reader: StoredReader) -> str:
    return f"g6 data ls --data-dir {reader.place} shows what is there"


def _nothing(reader: StoredReader, at: datetime | None) -> NothingToDo:
    sentence = f"nothing is stored in {reader.place}{_up_to(at)}{_there(reader)}"
    return NothingToDo(sentence, _listing_hint(reader))


def _there(reader: StoredReader, index: str | None = None) -> str:
    """Return the first and the last stored cycle as the end of a sentence, if there is any."""
    newest = reader.last_cycle()
    if newest is None:
        return ""
    stored = [
        cycle
        for cycle, indices in reader.cycles(EARLIEST, newest).items()
        if index is None or index in indices
    ]
    if not stored:
        return ""
    first, last = (instant_in_words(parse_z(cycle)) for cycle in (stored[0], stored[-1]))
    return f": the first cycle is {first}, the last {last}"


def _up_to(at: datetime | None) -> str:
    return f" up to {instant_in_words(at)}" if at else ""


def _cycles(
    reader: StoredReader, at: datetime | None, span: timedelta
) -> list[tuple[str, frozenset[str]]]:
    newest = reader.last_cycle()
    if newest is None:
        return []
    last = min(newest, at) if at else newest
    return list(reader.cycles(last - span, last).items())
