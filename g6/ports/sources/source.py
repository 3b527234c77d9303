"""The source: one record for each provider, from which all that depends on it follows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from pkgutil import resolve_name

from g6.domain.market.calendar import Calendar
from g6.domain.reports import ProviderState
from g6.ports.clock import Clock
from g6.ports.shared_cache import SharedCache
from g6.ports.sources.gate import Gate
from g6.ports.sources.provider import Provider


class Ability(StrEnum):
    """What a source can do beside listing contracts and quoting them."""

    CANDLES = "candles"
    """It has minute candles of past sessions, from which `g6 gaps --repair` makes rows."""
    PREVIOUS_INTEREST = "previous_interest"
    """It is asked contract by contract for the open interest at the end of the previous session."""
    DUMPS = "dumps"
    """It lists contracts in files that are downloaded once a day."""
    ACCOUNT = "account"
    """A person signs in with an account, whose requests are limited."""
    STREAM = "stream"
    """Its ticks are streamed into the quote cache, by the ticker."""
    RECORDED = "recorded"
    """It knows recorded instants alone, and they say which cycles there are."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """The ports that a live source is built with.

    Attributes:
        gate: Lets each request through in its turn. Its requests share slots, tries and breaker.
        clock: The market's time and the wall's.
        calendar: The sessions.
        cache: Values that all workers share for a while.
        root: Address of the source's interface, None for its own.
        notify: Takes facts for the bus.
    """

    gate: Gate
    clock: Clock
    calendar: Calendar
    cache: SharedCache
    root: str | None = None
    notify: Callable[[ProviderState], None] = field(default=lambda _: None)


@dataclass(frozen=True, slots=True)
class Source:
    """One source of quotes, by the name that `provider.name` gives it.

    Another distribution registers one under the entry point group `g6.providers`.

    Attributes:
        name: As `provider.name` has it.
        build: Makes the provider of the settings, and of a live source's `Surroundings`.
            `module:function` names a function that is imported when it is first called.
        summary: A line for `g6 providers`.
        abilities: Its abilities beside quoting.
        is_simulated: Whether it makes its market up, so that any instant can be asked for at no
            cost.
        row_settings: Settings that decide what stands in its rows, beside those that do so for
            every source.

    >>> Source("tiny", "tiny:build", abilities=frozenset({Ability.CANDLES})).can(Ability.CANDLES)
    True
    """

    name: str
    build: str | Callable[..., Provider]
    summary: str = ""
    abilities: frozenset[Ability] = frozenset()
    is_simulated: bool = False
    row_settings: tuple[str, ...] = ()

    def can(self, ability: Ability) -> bool:
        """Return whether the source has an ability."""
        return ability in self.abilities

    @property
    def is_live(self) -> bool:
        """Whether it quotes the market of now, and lists today's contracts alone."""
        return not self.is_simulated and not self.can(Ability.RECORDED)

    @property
    def modules(self) -> tuple[str, ...]:
        """The module of the function that is only named, which imports the source's libraries."""
        # The record of a name that nobody registered names no function either.
        is_named = isinstance(self.build, str) and bool(self.build)
        return (str(self.build).partition(":")[0],) if is_named else ()

    @property
    def builder(self) -> Callable[..., Provider]:
        """The function that makes the provider, imported where it was only named."""
        if isinstance(self.build, str):
            function: Callable[..., Provider] = resolve_name(self.build)
            return function
        return self.build
