"""The abilities of a provider beside listing and quoting, as objects to use them with."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Protocol

from g6.domain.cycles.cycle import Unit
from g6.domain.cycles.plan import Plan
from g6.domain.market.instrument import Contracts
from g6.domain.reports import ProviderFacts
from g6.domain.schema.frame import Frame
from g6.ports.sources.candles import Candles
from g6.ports.sources.provider import Provider


class InterestLearner(Protocol):
    """Asks contract by contract for the open interest at the end of the previous session."""

    def learn_previous(self, index: str, contracts: Contracts, at: datetime, most: int) -> int:
        """Ask for at most `most` contracts that nobody asked for, and count the answers.

        Raises:
            TokenDead: Somebody has to sign in first.
        """
        ...


class InstrumentDumps(Protocol):
    """The files that list an exchange's contracts, downloaded once a day for all workers."""

    @property
    def hits(self) -> Mapping[str, int]:
        """How many listings came from where."""
        ...

    def refresh(self, exchange: str, day: date) -> object:
        """Download the dump of an exchange again."""
        ...

    def facts(self) -> Mapping[str, str]:
        """Return what is wrong with a dump, by exchange."""
        ...


class Account(Protocol):
    """Whoever is signed in, and what a person tries the account with."""

    def token(self) -> str:
        """Return the mark of the token that requests carry, which is not the token."""
        ...

    def user(self) -> str:
        """Return the id of whoever the token belongs to."""
        ...

    def last_prices(self, indices: Sequence[str]) -> Mapping[str, float]:
        """Return the last price of each index that answers."""
        ...

    def instruments(self, exchange: str, at: datetime) -> int:
        """Return how many contracts the day's dump of an exchange lists."""
        ...

    def describe(self) -> ProviderFacts:
        """Return facts for people. `login` has the state of the token."""
        ...


class StreamFollower(Protocol):
    """Has contracts streamed."""

    def follow(self, index: str, contracts: Contracts, at: datetime) -> None:
        """Have the stream follow contracts from now on."""
        ...


class RecordedMarket(Protocol):
    """The instants and indices that are recorded, which say which cycles there are."""

    @property
    def kind(self) -> str:
        """What was recorded: nse, table or stored."""
        ...

    @property
    def left_out(self) -> Sequence[Any]:
        """What it was read without."""
        ...

    def cycles(self) -> Sequence[datetime]:
        """Return the recorded instants, ascending."""
        ...

    def indices(self, at: datetime | None = None) -> Sequence[str]:
        """Return the indices that are recorded, or those at an instant."""
        ...

    def newest(self, index: str, at: datetime) -> datetime | None:
        """Return the newest instant of an index up to `at`, else the day's next one, or None."""
        ...

    def unread(self) -> Mapping[str, int]:
        """Return how many parts it was read without, by their kind."""
        ...

    def planned(self, plan: Plan) -> Plan:
        """Return the plan that collects what is recorded."""
        ...


class StampedUnits(Protocol):
    """Units whose quotes were stamped already, when they were collected."""

    def frame(self, unit: Unit) -> Frame:
        """Return a unit's quotes under their stamp.

        Raises:
            Withheld: It was never begun then.
            Terminal: It was lost then.
        """
        ...


def _unbounded(_: float) -> AbstractContextManager[None]:
    return nullcontext()


@dataclass(frozen=True, slots=True)
class Abilities:
    """The abilities of one provider, None where it has none.

    Attributes:
        candles: Minute candles of past sessions.
        previous_interest: Learns the previous session's open interest.
        dumps: Files that list contracts.
        account: Whoever is signed in.
        stream: Has contracts streamed.
        recorded: The instants of a recording.
        stamped: Units whose quotes were stamped when they were collected.
        rehearsal: A provider with the same caches, which may be asked ahead of time at no cost.
        within: Lets every request of a block begin within so many seconds.
    """

    candles: Candles | None = None
    previous_interest: InterestLearner | None = None
    dumps: InstrumentDumps | None = None
    account: Account | None = None
    stream: StreamFollower | None = None
    recorded: RecordedMarket | None = None
    stamped: StampedUnits | None = None
    rehearsal: Provider | None = None
    within: Callable[[float], AbstractContextManager[None]] = _unbounded


NO_ABILITIES = Abilities()


def abilities_of(provider: Provider) -> Abilities:
    """Return a provider's abilities. One without the attribute `abilities` has none.

    Wrappers answer for what they wrap, so nobody has to look behind them.

    >>> class Quoting: ...
    >>> abilities_of(Quoting()).candles is None
    True
    """
    abilities: Abilities = getattr(provider, "abilities", NO_ABILITIES)
    return abilities
