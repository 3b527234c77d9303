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
    written = local.stat() if local.is_file() else None
    return _calendar(local, written and (written.st_ino, written.st_mtime_ns, written.st_size))


# Reading both files takes 2 ms of processor time, and an answer over HTTP asks for it three times.
@lru_cache(maxsize=4)
def _calendar(local: Path, identity: tuple[int, int, int] | None) -> Calendar:
    """Return the calendar with the additions of a file, which its identity stands for."""
    shipped = resources.files("g6.config").joinpath("sessions.toml").read_text(encoding="utf-8")
    try:
        additions = tomllib.loads(local.read_text(encoding="utf-8")) if identity else None
    except tomllib.TOMLDecodeError as error:
        raise BadInput(local, None, f"is not TOML: {error}") from error
    return Calendar.parse(tomllib.loads(shipped), additions)
