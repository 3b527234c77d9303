"""The plan and the calendar that follow from the settings."""

from __future__ import annotations

import tomllib
from functools import lru_cache
from importlib import resources
from pathlib import Path

from g6.config.identity import config_id
from g6.config.sections import IndexParams
from g6.config.settings_model import Settings
from g6.domain.cycles.plan import IndexPlan, Plan, Pricing, Quality
from g6.domain.market.calendar import Calendar
from g6.domain.market.expiry import rule_of
from g6.domain.market.instrument import INDICES
from g6.errors import BadInput

LOCAL_SESSIONS = Path("config/sessions.local.toml")


def plan(settings: Settings) -> Plan:
    """Return the plan: the indices, their expiries and strikes, and how they are priced."""
    collection = settings.collection
    return Plan(
        interval=settings.interval,
        indices={name: _index_plan(name, settings.index_params[name]) for name in settings.indices},
        scope=settings.scope,
        pricing=Pricing(**settings.greeks.model_dump()),
        quality=Quality(**settings.quality.model_dump()),
        config_id=config_id(settings),
        reach=collection.reach,
        most_strikes=collection.most_strikes,
        salvage=collection.salvage,
    )


def _index_plan(name: str, params: IndexParams) -> IndexPlan:
    return IndexPlan(
        INDICES[name],
        tuple(rule_of(rule) for rule in params.expiries),
        params.strikes_itm,
        params.strikes_otm,
        params.strike_step,
    )


def calendar(local: Path = LOCAL_SESSIONS) -> Calendar:
    """Return the exchanges' calendar: the one that ships, with a user's additions laid over it.

    Raises:
        BadInput: The additions are not TOML, or say something that no session can be.
    """
    shipped = resources.files("g6.config").joinpath("sessions.toml").read_text(encoding="utf-8")
    additions = local.read_text(encoding="utf-8") if local.is_file() else None
    try:
        return _calendar(shipped, additions)
    except tomllib.TOMLDecodeError as error:
        raise BadInput(local, None, f"is not TOML: {error}") from error


# An answer over HTTP asks for it three times: parsing what ships takes 1.7 ms, reading it 0.05.
@lru_cache(maxsize=4)
def _calendar(shipped: str, additions: str | None) -> Calendar:
    """Return the calendar of the text that ships and of a user's additions."""
    added = None if additions is None else tomllib.loads(additions)
    return Calendar.parse(tomllib.loads(shipped), added)
