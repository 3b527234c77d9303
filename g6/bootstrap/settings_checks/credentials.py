"""Settings -> what a person has of the provider's account: key, secret, token."""

from __future__ import annotations

from urllib.parse import urlsplit

from g6.adapters.kite import Access, KiteCredentials
from g6.bootstrap.wiring import Wiring
from g6.config import Settings, is_loopback, secrets_of
from g6.domain.schema.layout import TOKEN_FILE
from g6.errors import BadConfig
from g6.errors.masking import mask_address
from g6.ports.shared_cache import SharedCache

PLAIN = {"http": "https", "ws": "wss"}
"""Schemes without TLS, and the same with it."""


def credentials(settings: Settings) -> KiteCredentials:
    """Return a person's credentials: from the settings, else from the secrets file.

    Those of a look-alike when it is `fake`.

    Raises:
        BadConfig: There is no secrets file, or an address would carry the credentials in clear.
    """
    if settings.provider.token_provider == "fake":  # noqa: S105 - a choice
        return KiteCredentials("demo", "demo", "demo", "")
    # Before a secret is read at all.
    _refuse_in_clear(settings)
    path = settings.provider.secrets_file
    from_file = secrets_of(path) if path else {}
    values = {}
    for name in KiteCredentials.__dataclass_fields__:
        setting = getattr(settings.provider, name)
        values[name] = (
            setting.get_secret_value() if setting else from_file.get(f"KITE_{name.upper()}", "")
        )
    return KiteCredentials(**values)


def token_reader(wiring: Wiring, cache: SharedCache) -> Access:
    """Return the keeper of the access token for who only reads it and asks nobody for one."""
    settings = wiring.settings
    path = settings.directory / TOKEN_FILE
    return Access(credentials(settings), cache, path, wiring.clock)


def _refuse_in_clear(settings: Settings) -> None:
    """Refuse addresses by which key and token would cross a network unencrypted."""
    for name in ("root", "ws_root", "fallback_root", "login_url"):
        address = urlsplit(getattr(settings.provider, name) or "")
        if address.scheme in PLAIN and not is_loopback(address.hostname or ""):
            masked = mask_address(getattr(settings.provider, name))
            raise BadConfig(
                f"provider.{name} = {masked} would carry the API key and the token in clear",
                f"write {PLAIN[address.scheme]}://…, "
                f"or unset provider.{name} for the provider's own address",
            )
