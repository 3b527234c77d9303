"""Whether the configured expiries are listed, as far as a listing is known."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from g6.adapters.parquet.listings import kept_listing
from g6.bootstrap.quote_sources.simulated_source import simulated_market
from g6.bootstrap.settings_checks.settings_lint import Refusal
from g6.config import Settings, calendar, plan
from g6.domain.cycles.plan import IndexPlan
from g6.domain.market.calendar import day_of
from g6.domain.market.expiry import BUCKETS, resolve
from g6.domain.market.instrument import Listing
from g6.ports.sources import Ability


def unanswered_expiries(settings: Settings) -> Iterator[Refusal]:
    """Yield for each index the expiries that no listed one answers.

    Buckets change their meaning by the day, so of them only all together must have an answer.
    """
    if settings.source.can(Ability.RECORDED):
        return  # a recording is collected with every expiry that it has
    at = settings.market.start if settings.source.is_simulated else datetime.now(UTC)
    for name, index in plan(settings).indices.items():
        path = f"index_params.{name}.expiries"
        if not index.rules:
            yield Refusal(
                f"{path} is empty, so that nothing of {name} would be collected",
                f"name {', '.join(BUCKETS)}, or set index_params.{name}.enabled=false",
            )
            continue
        listing = _listing(settings, name, at)
        if listing is None:
            continue
        if missing := _missing(index, listing, at):
            days = ", ".join(str(day) for day in sorted(set(listing.contracts.expiries)))
            yield Refusal(
                f"{path}: {', '.join(missing)} answers to no expiry; listed are {days}",
                f"g6 expiries {name} shows which expiry answers each rule",
            )


def _missing(index: IndexPlan, listing: Listing, at: datetime) -> list[str]:
    resolved = resolve(
        listing.contracts.expiries,
        at,
        calendar(),
        index.index.exchange,
        index.rules,
        underlying=index.index.name,
    )
    named = [name for name in resolved.not_listed if name not in BUCKETS]
    return named if resolved.slots else list(resolved.not_listed)


def _listing(settings: Settings, name: str, at: datetime) -> Listing | None:
    if settings.source.is_simulated:
        return simulated_market(settings).listing(name, at)
    return kept_listing(settings.directory, name, day_of(at))
