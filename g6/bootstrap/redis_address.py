"""What every process of a live system begins with: where Redis is, what time its market has, who it is to the broker.

Kept apart from `bootstrap`, and so from storage and arithmetic, for the process of the stream, which is to stay small.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from g6.adapters.clocks import ScaledClock, WallClock
from g6.adapters.data_dir.owner import owner
from g6.adapters.kite import KiteCredentials
from g6.config import Settings, is_loopback, secrets_of
from g6.errors import BadConfig, Unavailable
from g6.masking import mask_address
from g6.ports import Clock

PLAIN = {"http": "https", "ws": "wss"}
"""Schemes without TLS, and the same with it."""
BUILT_IN = ("sim", "replay", "kite")
PLUGINS = "g6.providers"
"""The entry points under which other distributions register a provider."""
TOKEN_FILE = ".token"  # noqa: S105 - a name


def broker_url(settings: Settings) -> str:
    """Return the broker's address: the configured one, else that of the G6 that owns the data directory. Errors: Unavailable."""
    if settings.redis.broker_url:
        return settings.redis.broker_url
    record = owner(settings.directory) or {}
    if found := record.get("broker"):
        return str(found)
    if record:
        who, pid = record.get("who", "a G6"), record.get("pid", "?")
        raise Unavailable(
            f"no broker: {settings.directory} is in use by {who} (process {pid}), which has none",
            "wait until that is done, or set G6_REDIS__BROKER_URL=redis://host:6379/0",
        )
    raise Unavailable(
        f"no broker: redis.broker_url is not set and no G6 is running on {settings.directory}",
        "start one with g6 up, or set G6_REDIS__BROKER_URL=redis://host:6379/0",
    )


def broker_clock(settings: Settings) -> Clock:
    """Return the clock of a broker's market: the wall's, unless a look-alike has one of its own."""
    if settings.lookalike and settings.market.origin is not None:
        return ScaledClock(settings.market.origin, settings.market.start, speed(settings))
    return WallClock()


def speed(settings: Settings) -> float:
    """Return the market seconds per wall second; at full speed a clock has none of its own."""
    return float(settings.market.speed) if settings.market.speed != "max" else 1.0


def credentials(settings: Settings) -> KiteCredentials:
    """Return what a person has of the broker: from settings, else from the secrets file; the look-alike's own when it is `fake`.

    Errors: BadConfig (no secrets file; an address that would carry them in clear).
    """
    if settings.provider.token_provider == "fake":  # noqa: S105 - a choice
        return KiteCredentials("demo", "demo", "demo", "")
    _refuse_in_clear(settings)
    path = settings.provider.secrets_file
    told = secrets_of(path) if path else {}
    given = {
        name: getattr(settings.provider, name) for name in KiteCredentials.__dataclass_fields__
    }
    return KiteCredentials(**{
        name: value.get_secret_value() if value else told.get(f"KITE_{name.upper()}", "") for name, value in given.items()
    })  # fmt: skip


def _refuse_in_clear(settings: Settings) -> None:
    """Refuse addresses at which key and token would cross a network unencrypted; a look-alike on this machine may have one."""
    for name in ("root", "ws_root", "fallback_root", "login_url"):
        address = urlsplit(getattr(settings.provider, name) or "")
        if address.scheme in PLAIN and not is_loopback(address.hostname or ""):
            given = mask_address(getattr(settings.provider, name))
            raise BadConfig(
                f"provider.{name} = {given} would carry the API key and the token in clear",
                f"write {PLAIN[address.scheme]}://…, or unset provider.{name} for the broker's own address",
            )
