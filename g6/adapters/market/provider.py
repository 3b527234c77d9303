"""The simulated market as a provider: a pure function of seed and instant behind the port a broker stands behind."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from g6.adapters.market.contracts import lattice
from g6.adapters.market.expiries import Series
from g6.adapters.market.faults import Faults
from g6.adapters.market.roots import ROOTS, Root
from g6.adapters.market.snapshot import snapshot
from g6.adapters.market.spot import underlying
from g6.adapters.market.world import World
from g6.domain.calendar import IST, Calendar, Session, day_of
from g6.domain.expiry import resolve
from g6.domain.instrument import Contracts, Listing
from g6.domain.quote import NAN, QUOTE_FIELDS, Quotes, Underlying
from g6.errors import ProviderBusy, ProviderRefused

_LOTS = ("volume", "oi", "oi_prev", "oi_day_high", "oi_day_low", "bid_quantity", "ask_quantity", "buy_quantity", "sell_quantity")
_SPIKE = 10.0
_STALE_SECONDS = 600.0


class SimulatedMarket:
    """Whole option chains of Indian indices at any instant of the covered years, the same on every process and host.

    `skew`: seconds at most by which the printed index lags the contracts; `event`: an instant at which news comes, priced in
    before. Outside sessions the last values stand. Errors: UncoveredYear from the calendar; ProviderRefused for an index that is
    not simulated; ProviderBusy by `faults.fail`.
    """

    name = "sim"

    def __init__(
        self, calendar: Calendar, *, seed: int = 7, faults: Faults | None = None, skew: float = 1.0, event: datetime | None = None
    ) -> None:
        self.calendar = calendar
        self.seed = seed
        self.faults = faults or Faults()
        self.world = World(calendar, seed, self.faults, skew, event)

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
                self._fill(values, root, listed[expiry], session, second, contracts, chosen)
        self._spoil(values, root, session, second, contracts)
        for each in values.values():
            each[contracts.symbol == ""] = NAN
        source = np.where(contracts.symbol == "", "", "sim").astype(object)
        return Quotes(
            index, contracts.expiry, contracts.strike, contracts.lot_size, contracts.tick_size, contracts.symbol, contracts.token,
            source, values, underlying(self.world, root, session.day, second), at.timestamp(),
        )  # fmt: skip

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
            start = self.world.held(root, listed[expiry], session.day).start[:, rows].astype(np.float64)
            known = there & np.isin(contracts.strike[chosen], self.world.strikes(root, earlier[expiry], before))
            found[:, chosen] = np.where(known, start, NAN) * contracts.lot_size[chosen]
        found[contracts.symbol == ""] = NAN
        return found

    def describe(self) -> Mapping[str, Any]:
        """Return facts for people and panels."""
        return {
            "name": self.name,
            "mode": "sim",
            "source": f"simulated market, seed {self.seed}",
            "seed": self.seed,
            "faults": self.faults != Faults(),
        }

    def _answering(self, index: str) -> Root:
        root = _root(index)
        if self.faults.delay:
            time.sleep(self.faults.delay)
        if index in self.faults.fail:
            raise ProviderBusy(f"{index}: the simulated provider fails on request (fault fail:{index})")
        return root

    def _moment(self, root: Root, at: datetime) -> tuple[Session, int]:
        """Return the session whose values stand at `at` and the second of it: its last one outside sessions, the last before a halt."""
        session = self.calendar.session(root.exchange, day_of(at))
        if session is None or at < session.open:
            session = self.calendar.previous_session(root.exchange, day_of(at))
        at = min(at, session.close)
        for span in self.faults.spans(root.name):
            if span.holds(at):
                start = datetime.combine(session.day, span.start, IST).astimezone(UTC)
                at = max(start, session.open)
        return session, int((at - session.open) / timedelta(seconds=1))

    def _fill(
        self, values: dict[str, NDArray[np.float64]], root: Root, series: Series, session: Session, second: int,
        contracts: Contracts, chosen: NDArray[np.int64],
    ) -> None:  # fmt: skip
        tape = self.world.tape(root, series, session.day)
        rows, there = _rows(tape.strike, contracts.strike[chosen])
        close = self.world.previous_closes(root, series, session.day)
        found = snapshot(tape, rows[there], second, close)
        lots = contracts.lot_size[chosen[there]]
        for name, each in found.items():
            values[name][:, chosen[there]] = each * lots if name in _LOTS else each

    def _spoil(
        self, values: dict[str, NDArray[np.float64]], root: Root, session: Session, second: int, contracts: Contracts
    ) -> None:
        """Put the faults that strike single quotes into `values`."""
        minute = second // 60
        for name in ("crossed", "spike", "stale", "zero", "negative"):
            if share := getattr(self.faults, name):
                _BAD[name](values, self._struck(root, contracts, share, name, session.day, minute))
        gone = np.zeros(len(contracts), dtype=np.bool_)
        if self.faults.missing:
            gone |= self._struck(root, contracts, self.faults.missing, "missing", session.day)[0]
        if self.faults.drop:
            at = session.open + timedelta(seconds=second)
            listed = self.world.series(root, session.day)
            dropped = resolve(listed, at, self.calendar, root.exchange, self.faults.drop, root.name).slots
            gone |= np.isin(contracts.expiry, np.array([slot.expiry for slot in dropped], dtype="datetime64[D]"))
        for each in values.values():
            each[:, gone] = NAN

    def _struck(self, root: Root, contracts: Contracts, share: float, *address: object) -> NDArray[np.bool_]:
        struck = np.zeros((2, len(contracts)), dtype=np.bool_)
        for expiry, chosen in _by_expiry(contracts):
            struck[:, chosen] = lattice(root, contracts.strike[chosen], self.seed, "fault", *address, expiry) < share
        return struck


def _root(index: str) -> Root:
    if index not in ROOTS:
        raise ProviderRefused(f"{index} is not simulated; there are {', '.join(ROOTS)}")
    return ROOTS[index]


def _by_expiry(contracts: Contracts) -> list[tuple[date, NDArray[np.int64]]]:
    return [(expiry, np.flatnonzero(contracts.expiry == np.datetime64(expiry, "D"))) for expiry in contracts.expiries]


def _rows(listed: NDArray[np.float64], asked: NDArray[np.float64]) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Return where each asked strike stands among the listed, and whether it does."""
    rows = np.minimum(np.searchsorted(listed, asked), len(listed) - 1)
    return rows, listed[rows] == asked


def _cross(values: dict[str, NDArray[np.float64]], struck: NDArray[np.bool_]) -> None:
    values["bid"], values["ask"] = (np.where(struck, values[b], values[a]) for a, b in (("bid", "ask"), ("ask", "bid")))


def _rush(values: dict[str, NDArray[np.float64]], struck: NDArray[np.bool_]) -> None:
    values["last"][struck] *= _SPIKE


def _age(values: dict[str, NDArray[np.float64]], struck: NDArray[np.bool_]) -> None:
    values["quote_time"][struck] -= _STALE_SECONDS
    values["last_trade_time"][struck] -= _STALE_SECONDS


def _void(values: dict[str, NDArray[np.float64]], struck: NDArray[np.bool_]) -> None:
    values["last"][struck] = 0.0


def _invert(values: dict[str, NDArray[np.float64]], struck: NDArray[np.bool_]) -> None:
    values["oi"][struck] *= -1


_BAD = {"crossed": _cross, "spike": _rush, "stale": _age, "zero": _void, "negative": _invert}
