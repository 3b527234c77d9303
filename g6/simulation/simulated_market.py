"""The simulated market as a provider: a pure function of seed and instant behind the port a broker stands behind."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
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
from g6.domain.reports.json_types import Json
from g6.domain.schema.provider_words import ProviderMode
from g6.domain.schema.underlying import Underlying
from g6.errors import ProviderBusy, ProviderRefused
from g6.ports.sources import Abilities
from g6.simulation.contracts import lattice
from g6.simulation.dump import contract_rows, index_rows
from g6.simulation.expiries import ExpirySeries
from g6.simulation.faults import MarketFaults
from g6.simulation.flows import KINDS, flows
from g6.simulation.roots import ROOTS, Root
from g6.simulation.simulated_candles import SimulatedCandles
from g6.simulation.snapshot import snapshot
from g6.simulation.spoiled import SPOILERS
from g6.simulation.spot import underlying
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


class SimulatedMarket:
    """Whole option chains of Indian indices at any instant of the covered years, the same on every process and host.

    `skew`: seconds at most by which the printed index lags the contracts. `event`: an instant at
    which news comes, priced in before. `sleep` waits out `faults.delay`. Outside sessions the last
    values stand. Errors: UncoveredYear from the calendar; ProviderRefused for an index that is not
    simulated; ProviderBusy by `faults.fail`.
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
        """What it can do beside quoting: minute candles; be asked ahead, when no fault delays that."""
        candles = SimulatedCandles(self.world, self.underlying)
        return Abilities(candles=candles, rehearsal=self._without_faults())

    def _without_faults(self) -> SimulatedMarket:
        """Return a market of the same world, where the day's caches are, that neither waits nor fails."""
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
        """Return quotes of `contracts`, whose listed sides alone are answered, and of the underlying; quantities in units."""
        root = self._answering(index)
        session, second = self._moment(root, at)
        listed = self.world.series(root, session.day)
        values = {name: np.full((2, len(contracts)), NAN) for name in QUOTE_FIELDS}
        for expiry, chosen in _by_expiry(contracts):
            if expiry in listed:
                rows, found = self._series_quotes(
                    root, listed[expiry], session.day, second, contracts.strike[chosen]
                )
                for name, each in found.items():
                    values[name][:, chosen[rows]] = (
                        each * contracts.lot_size[chosen[rows]] if name in _LOTS else each
                    )
        self._spoil(values, root, session, second, contracts)
        for each in values.values():
            each[contracts.symbol == ""] = NAN
        source = np.where(contracts.symbol == "", "", "sim").astype(object)
        return Quotes(
            contracts,
            source,
            values,
            market=underlying(self.world, root, session.day, second),
            observed_at=at.timestamp(),
        )

    def _series_quotes(
        self, root: Root, series: ExpirySeries, day: date, second: int, strike: Numbers
    ) -> tuple[NDArray[np.int64], dict[str, Numbers]]:
        """Return which of the asked strikes are listed, by position, and their quotes in lots."""
        tape = self.world.tape(root, series, day)
        rows, there = _rows(tape.day.strike, strike)
        close = self.world.previous_closes(root, series, day)
        return np.flatnonzero(there), snapshot(tape, rows[there], second, close)

    def previous_oi(self, index: str, contracts: Contracts, at: datetime) -> NDArray[np.float64]:
        """Return the open interest `(2, n)` in units at the end of the previous session, NaN for what was not listed then."""
        root = _root(index)
        session, _ = self._moment(root, at)
        found = np.full((2, len(contracts)), NAN)
        before = self.world.before(root, session.day)
        earlier = {} if before is None else self.world.series(root, before)
        listed = self.world.series(root, session.day)
        for expiry, chosen in _by_expiry(contracts):
            if before is None or expiry not in earlier or expiry not in listed:
                continue
            strike = self.world.strikes(root, listed[expiry], session.day)
            rows, there = _rows(strike, contracts.strike[chosen])
            start = (
                self.world.held(root, listed[expiry], session.day).start[:, rows].astype(np.float64)
            )
            known = there & np.isin(
                contracts.strike[chosen], self.world.strikes(root, earlier[expiry], before)
            )
            found[:, chosen] = np.where(known, start, NAN) * contracts.lot_size[chosen]
        found[contracts.symbol == ""] = NAN
        return found

    def dump(self, exchange: str, at: datetime) -> list[tuple[Any, ...]]:
        """Return the rows of an exchange's instrument dump on the day of `at`, columns as DUMP_COLUMNS: NFO, BFO, NSE or BSE."""
        roots = [root.name for root in ROOTS.values() if root.derivatives == exchange]
        if not roots:
            return index_rows(exchange)
        return contract_rows((self.listing(name, at) for name in roots), exchange)

    def flows(
        self, index: str, contracts: Contracts, since: datetime, until: datetime
    ) -> Mapping[str, NDArray[np.float64]]:
        """Return the truth about build-ups: units opened and closed by kind (`flows.KINDS`), `(2, n)` each.

        From `since` to `until` in whole minutes of one session; contracts that are not listed have 0.
        """
        root = _root(index)
        session, first = self._moment(root, since)
        last = self._moment(root, until)[1]
        listed = self.world.series(root, session.day)
        found = {kind: np.zeros((2, len(contracts))) for kind in KINDS}
        for expiry, chosen in _by_expiry(contracts):
            if expiry not in listed or last // 60 <= first // 60:
                continue
            tape = self.world.tape(root, listed[expiry], session.day)
            rows, there = _rows(tape.day.strike, contracts.strike[chosen])
            for kind, lots in flows(tape, rows[there], first // 60, last // 60).items():
                found[kind][:, chosen[there]] = lots * contracts.lot_size[chosen[there]]
        return found

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
        """Return the session whose values stand at `at` and its second: outside sessions the last, in a halt its first."""
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
        gone = np.zeros(len(contracts), dtype=np.bool_)
        if self.faults.missing:
            gone |= self._struck(root, contracts, self.faults.missing, "missing", day)[0]
        if self.faults.drop:
            at = session.open + timedelta(seconds=second)
            listed = self.world.series(root, day)
            dropped = resolve(
                listed, at, self.calendar, root.exchange, self.faults.drop, underlying=root.name
            ).slots
            gone |= np.isin(
                contracts.expiry, np.array([slot.expiry for slot in dropped], dtype="datetime64[D]")
            )
        for each in values.values():
            each[:, gone] = NAN

    def _struck(
        self, root: Root, contracts: Contracts, share: float, *address: object
    ) -> NDArray[np.bool_]:
        struck = np.zeros((2, len(contracts)), dtype=np.bool_)
        for expiry, chosen in _by_expiry(contracts):
            struck[:, chosen] = (
                lattice(root, contracts.strike[chosen], self.seed, "fault", *address, expiry)
                < share
            )
        return struck


def _root(index: str) -> Root:
    if index not in ROOTS:
        raise ProviderRefused(f"{index} is not simulated; there are {', '.join(ROOTS)}")
    return ROOTS[index]


def _by_expiry(contracts: Contracts) -> list[tuple[date, NDArray[np.int64]]]:
    return [
        (expiry, np.flatnonzero(contracts.expiry == np.datetime64(expiry, "D")))
        for expiry in contracts.expiries
    ]


def _rows(
    listed: NDArray[np.float64], asked: NDArray[np.float64]
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Return where each asked strike stands among the listed, and whether it does."""
    rows = np.minimum(np.searchsorted(listed, asked), len(listed) - 1)
    return rows, listed[rows] == asked
