"""The simulated market as a provider, behind the port that Kite stands behind."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from copy import copy
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from g6.domain.market.calendar import IST, Calendar, Session, day_of
from g6.domain.market.expiry import resolve
from g6.domain.market.instrument import Contracts, Listing
from g6.domain.quotes.quotes import NAN, QUOTE_FIELDS, Quotes
from g6.domain.reports import ProviderFacts
from g6.domain.schema.json_types import Json
from g6.domain.schema.provider_words import ProviderMode
from g6.domain.schema.underlying import Underlying
from g6.errors import ProviderBusy, ProviderRefused
from g6.ports.sources import Abilities
from g6.simulation.contracts import draws_by_strike
from g6.simulation.dump import contract_rows, index_rows
from g6.simulation.faults import MarketFaults
from g6.simulation.roots import ROOTS, Root
from g6.simulation.simulated_candles import SimulatedCandles
from g6.simulation.spoiled import SPOILERS
from g6.simulation.spot import underlying
from g6.simulation.trading.flows import KINDS, flows
from g6.simulation.trading.snapshot import snapshot
from g6.simulation.world import World

_LOTS = (
    "volume",
    "oi",
    "oi_prev",
    "oi_day_high",
    "oi_day_low",
    "bid_quantity",
    "ask_quantity",
    "buy_quantity",
    "sell_quantity",
)

Numbers = NDArray[np.float64]
StrikePositions = NDArray[np.int64]


class SimulatedMarket:
    """Whole option chains of Indian indices at any instant of the covered years.

    They are the same on every process and host. Outside sessions the last values stand.

    Args:
        calendar: Sessions and holidays.
        seed: Names the market. Another seed is another market.
        faults: What goes wrong in it.
        skew: Seconds at most by which the printed index lags the contracts.
        event: An instant at which news comes. It is priced in before.
        sleep: Waits out `faults.delay`.

    Raises:
        UncoveredYear: By methods, for an instant that the calendar does not cover.
        ProviderRefused: By methods, for an index that is not simulated.
        ProviderBusy: By methods, for an index of `faults.fail`.
    """

    name = "sim"

    def __init__(
        self,
        calendar: Calendar,
        *,
        seed: int = 7,
        faults: MarketFaults | None = None,
        skew: float = 1.0,
        event: datetime | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.calendar = calendar
        self.seed = seed
        self.faults = faults or MarketFaults()
        self._sleep = sleep
        self.world = World(calendar, seed, self.faults, skew, event)

    @property
    def abilities(self) -> Abilities:
        """What it can do beside quoting: minute candles, and answers ahead of time."""
        candles = SimulatedCandles(self.world, self.underlying)
        return Abilities(candles=candles, rehearsal=self._without_faults())

    def _without_faults(self) -> SimulatedMarket:
        """Return a market of the same world that neither waits nor fails."""
        # The day's caches are the world's, so that what a rehearsal makes is there for the rest.
        twin = copy(self)
        twin.faults = replace(self.faults, delay=0.0, fail=())
        return twin

    def listing(self, index: str, at: datetime) -> Listing:
        """Return what is listed on the day of `at`, on a closed day that of the session before."""
        root = _root(index)
        day = day_of(at)
        if self.calendar.session(root.exchange, day) is None:
            day = self.calendar.previous_session(root.exchange, day).day
        return self.world.listing(root, day)

    def underlying(self, index: str, at: datetime) -> Underlying:
        """Return the index, its nearest future and VIX."""
        root = self._answering(index)
        session, second = self._moment(root, at)
        return underlying(self.world, root, session.day, second)

    def quotes(self, index: str, contracts: Contracts, at: datetime) -> Quotes:
        """Return quotes of `contracts` and of the underlying, with quantities in units.

        Only listed sides have an answer.
        """
        root = self._answering(index)
        session, second = self._moment(root, at)
        listed = self.world.series(root, session.day)
        values = {name: np.full((2, len(contracts)), NAN) for name in QUOTE_FIELDS}
        for expiry, rows in _by_expiry(contracts):
            if expiry in listed:
                tape = self.world.tape(root, listed[expiry], session.day)
                close = self.world.previous_closes(root, listed[expiry], session.day)
                strikes, is_listed = _positions(tape.day.strike, contracts.strike[rows])
                fields = snapshot(tape, strikes[is_listed], second, close)
                _put(values, fields, rows[is_listed], contracts)
        self._spoil(values, root, session, second, contracts)
        is_missing = contracts.symbol == ""
        if is_missing.any():
            for column in values.values():
                column[is_missing] = NAN
        source = np.where(is_missing, "", "sim").astype(object)
        market = underlying(self.world, root, session.day, second)
        return Quotes(contracts, source, values, market=market, observed_at=at.timestamp())

    def previous_oi(self, index: str, contracts: Contracts, at: datetime) -> NDArray[np.float64]:
        """Return the open interest in units at the end of the previous session, shape (2, n).

        It is NaN for contracts that were not listed then.
        """
        root = _root(index)
        session, _ = self._moment(root, at)
        units = np.full((2, len(contracts)), NAN)
        before = self.world.before(root, session.day)
        if before is None:
            return units
        earlier = self.world.series(root, before)
        listed = self.world.series(root, session.day)
        for expiry, rows in _by_expiry(contracts):
            if expiry not in earlier or expiry not in listed:
                continue
            strike = contracts.strike[rows]
            positions, is_listed = _positions(
                self.world.strikes(root, listed[expiry], session.day), strike
            )
            bounds = self.world.interest(root, listed[expiry], session.day)
            start = bounds.start[:, positions].astype(np.float64)
            was_listed = np.isin(strike, self.world.strikes(root, earlier[expiry], before))
            lots = np.where(is_listed & was_listed, start, NAN)
            units[:, rows] = lots * contracts.lot_size[rows]
        units[contracts.symbol == ""] = NAN
        return units

    def dump(self, exchange: str, at: datetime) -> list[tuple[Any, ...]]:
        """Return the rows of the instrument dump of NFO, BFO, NSE or BSE on the day of `at`.

        Columns are those of DUMP_COLUMNS.
        """
        roots = [root.name for root in ROOTS.values() if root.derivatives == exchange]
        if not roots:
            return index_rows(exchange)
        return contract_rows((self.listing(name, at) for name in roots), exchange)

    def flows(
        self, index: str, contracts: Contracts, since: datetime, until: datetime
    ) -> Mapping[str, NDArray[np.float64]]:
        """Return the truth about build-ups: units opened and closed, shape (2, n) by kind.

        Kinds are those of `flows.KINDS`. The answer goes from `since` to `until` in whole minutes
        of one session. Contracts that are not listed have 0.
        """
        root = _root(index)
        session, second = self._moment(root, since)
        first = second // 60
        last = self._moment(root, until)[1] // 60
        listed = self.world.series(root, session.day)
        units = {kind: np.zeros((2, len(contracts))) for kind in KINDS}
        for expiry, rows in _by_expiry(contracts):
            if expiry not in listed or last <= first:
                continue
            tape = self.world.tape(root, listed[expiry], session.day)
            positions, is_listed = _positions(tape.day.strike, contracts.strike[rows])
            listed_rows = rows[is_listed]
            for kind, lots in flows(tape, positions[is_listed], first, last).items():
                units[kind][:, listed_rows] = lots * contracts.lot_size[listed_rows]
        return units

    def describe(self) -> ProviderFacts:
        """Return facts for people and panels."""
        own: dict[str, Json] = {"seed": self.seed}
        if self.faults != MarketFaults():
            own["faults"] = self.faults.describe()
        return ProviderFacts(ProviderMode.SIM, "simulated market", own=own)

    def _answering(self, index: str) -> Root:
        root = _root(index)
        if self.faults.delay:
            self._sleep(self.faults.delay)
        if index in self.faults.fail:
            raise ProviderBusy(
                f"{index}: the simulated provider fails on request (fault fail:{index})"
            )
        return root

    def _moment(self, root: Root, at: datetime) -> tuple[Session, int]:
        """Return the session whose values stand at `at`, and its second.

        Outside sessions it is the last session, in a halt the halt's first second.
        """
        session = self.calendar.session(root.exchange, day_of(at))
        if session is None or at < session.open:
            session = self.calendar.previous_session(root.exchange, day_of(at))
        at = min(at, session.close)
        for span in self.faults.spans(root.name):
            if span.holds(at):
                start = datetime.combine(session.day, span.start, IST).astimezone(UTC)
                at = max(start, session.open)
        return session, int((at - session.open) / timedelta(seconds=1))

    def _spoil(
        self,
        values: dict[str, Numbers],
        root: Root,
        session: Session,
        second: int,
        contracts: Contracts,
    ) -> None:
        """Put the faults that strike single quotes into `values`."""
        day = session.day
        for name, spoil in SPOILERS.items():
            if share := getattr(self.faults, name):
                spoil(values, self._struck(root, contracts, share, name, day, second // 60))
        unanswered = np.zeros(len(contracts), dtype=np.bool_)
        if self.faults.missing:
            unanswered |= self._struck(root, contracts, self.faults.missing, "missing", day)[0]
        if self.faults.drop:
            unanswered |= self._dropped(root, session, second, contracts)
        if unanswered.any():
            for column in values.values():
                column[:, unanswered] = NAN

    def _dropped(
        self, root: Root, session: Session, second: int, contracts: Contracts
    ) -> NDArray[np.bool_]:
        """Return the strikes of the expiries that a fault drops, shape (n,)."""
        at = session.open + timedelta(seconds=second)
        rules = self.faults.drop
        listed = self.world.series(root, session.day)
        resolved = resolve(listed, at, self.calendar, root.exchange, rules, underlying=root.name)
        expiries = np.array([slot.expiry for slot in resolved.slots], dtype="datetime64[D]")
        return np.isin(contracts.expiry, expiries)

    def _struck(
        self, root: Root, contracts: Contracts, share: float, *address: object
    ) -> NDArray[np.bool_]:
        """Return the quotes that a fault strikes, shape (2, n)."""
        struck = np.zeros((2, len(contracts)), dtype=np.bool_)
        for expiry, rows in _by_expiry(contracts):
            strike = contracts.strike[rows]
            draws = draws_by_strike(root, strike, self.seed, "fault", *address, expiry)
            struck[:, rows] = draws < share
        return struck


def _root(index: str) -> Root:
    if index not in ROOTS:
        raise ProviderRefused(f"{index} is not simulated; there are {', '.join(ROOTS)}")
    return ROOTS[index]


def _by_expiry(contracts: Contracts) -> Iterator[tuple[date, StrikePositions]]:
    """Yield each expiry of contracts and the positions of its strikes."""
    for expiry in contracts.expiries:
        yield expiry, np.flatnonzero(contracts.expiry == np.datetime64(expiry, "D"))


def _positions(listed: Numbers, strike: Numbers) -> tuple[StrikePositions, NDArray[np.bool_]]:
    """Return where each strike stands among the listed, and whether it does."""
    positions = np.minimum(np.searchsorted(listed, strike), len(listed) - 1)
    return positions, listed[positions] == strike


def _put(
    values: dict[str, Numbers],
    fields: dict[str, Numbers],
    rows: StrikePositions,
    contracts: Contracts,
) -> None:
    """Put the fields of a snapshot, which are in lots, into `values`, which are in units."""
    # Kite's volume, open interest and depth of NFO and BFO are units. NSE's pages show contracts.
    lot = contracts.lot_size[rows]
    for name, column in fields.items():
        values[name][:, rows] = column * lot if name in _LOTS else column
