"""The table of sources: the providers that ship, and those that others registered."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from importlib.metadata import EntryPoint, entry_points

from g6.errors import BadConfig
from g6.ports.sources import Ability, Source

ENTRY_POINTS = "g6.providers"
"""The entry point group under which other distributions register a `Source`."""

# The functions are named, not imported: Kite's client alone takes half a second to import.
SHIPPED = (
    Source(
        "sim",
        "g6.bootstrap.quote_sources.simulated_source:simulated_market",
        "the simulated market: any instant, no network, the same prices for the same seed",
        frozenset({Ability.CANDLES}),
        is_simulated=True,
        row_settings=("market.seed", "market.faults", "market.skew", "market.event"),
    ),
    Source(
        "replay",
        "g6.bootstrap.quote_sources.sources:replayed_market",
        "a recording (provider.recording): NSE option-chain answers, snapshot tables, "
        "G6's own stored days",
        frozenset({Ability.RECORDED}),
        row_settings=("provider.layout",),
    ),
    Source(
        "kite",
        "g6.bootstrap.quote_sources.kite_source:kite_provider",
        "Zerodha's Kite Connect: live chains with five-level books and open interest; "
        "needs KITE_API_KEY and g6 login",
        frozenset(Ability) - {Ability.RECORDED},
        row_settings=("ticker.enabled", "ticker.max_age"),
    ),
)
_SHIPPED: Mapping[str, Source] = {source.name: source for source in SHIPPED}


def plugged_in() -> tuple[EntryPoint, ...]:
    """Return the entry points of other distributions' sources, by name."""
    return tuple(sorted(entry_points(group=ENTRY_POINTS), key=lambda point: point.name))


def is_shipped(name: str) -> bool:
    """Return whether a source comes with G6."""
    return name in _SHIPPED


def source_named(name: str) -> Source:
    """Return the record of a source.

    A name that nobody registered gets the record of a live source that cannot be built.

    Raises:
        BadConfig: Another distribution registered something else than a `Source`.
    """
    if name in _SHIPPED:
        return _SHIPPED[name]
    try:
        return _plugged_in(name)
    except LookupError:
        return Source(name, "")


@lru_cache(maxsize=8)
def _plugged_in(name: str) -> Source:
    """Return another distribution's record.

    Raises:
        LookupError: None registered the name.
    """
    # The entry points of a process do not change, and looking through them takes milliseconds.
    for point in entry_points(group=ENTRY_POINTS, name=name):
        source = point.load()
        if not isinstance(source, Source):
            raise BadConfig(
                f"the entry point {name} in {ENTRY_POINTS} is {point.value}, which is no Source",
                "register g6.ports.sources.Source(name, build): docs/how-to/extend.md shows one",
            )
        return source
    raise LookupError(name)
