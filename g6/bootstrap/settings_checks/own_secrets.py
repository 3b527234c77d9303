"""The secrets that a configuration holds, so that what leaves this machine can be searched for."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from urllib.parse import unquote, urlsplit

from g6.config import Settings, secrets_of
from g6.config.identity import revealed
from g6.errors import BadConfig
from g6.errors.masking import MASK

_OF_OTHERS = 0o077
SHORTEST = 4
"""Characters from which on a secret is struck out wherever it stands. Shorter ones are words."""


def own_secrets(settings: Settings) -> tuple[str, ...]:
    """Return every secret of a configuration, the longest first."""
    secrets = {*revealed(settings).values(), *_of_file(settings), *_of_addresses(settings)}
    with suppress(BadConfig):
        secrets.add(influx_token(settings))
    with suppress(BadConfig):
        secrets |= {*_of_channels(settings)}
    return tuple(sorted((text for text in secrets if len(text) >= SHORTEST), key=len, reverse=True))


def without_secrets(text: str, secrets: tuple[str, ...]) -> str:
    """Return a text in which no secret of the configuration stands.

    >>> without_secrets("the password is hunter2", ("hunter2",))
    'the password is ***'
    """
    for secret in secrets:
        text = text.replace(secret, MASK)
    return text


def influx_token(settings: Settings) -> str:
    """Return what lets G6 write to the server of time series, empty where there is nothing."""
    if settings.influx.token is not None:
        return settings.influx.token.get_secret_value()
    path = settings.influx.token_file
    if path is None:
        return ""
    try:
        return path.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise BadConfig(
            f"the token of InfluxDB cannot be read from {path}: {error}",
            "mend influx.token_file, or set G6_INFLUX__TOKEN",
        ) from error


def channel_addresses(settings: Settings) -> tuple[str, ...]:
    """Return the addresses of channels, which are secrets, none where there are none.

    Raises:
        BadConfig: Their file cannot be read, or others can read it.
    """
    if settings.alerts.channels is not None:
        return tuple(settings.alerts.channels.get_secret_value().split())
    path = settings.alerts.channels_file
    if path is None:
        return ()
    try:
        mode = path.stat().st_mode
        content = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadConfig(
            f"the channels of g6 alert cannot be read from {path}",
            "mend alerts.channels_file, or set G6_ALERTS__CHANNELS",
        ) from error
    if mode & _OF_OTHERS:
        raise BadConfig(
            f"others can read {path}, and the addresses in it are secrets", f"chmod 600 {path}"
        )
    lines = (line.strip() for line in content.splitlines())
    return tuple(line for line in lines if line and not line.startswith("#"))


def _of_channels(settings: Settings) -> Iterator[str]:
    """Yield the addresses of channels, and what in them lets somebody in."""
    for address in channel_addresses(settings):
        yield address
        with suppress(ValueError):
            parts = urlsplit(address)
            yield from (text for text in (parts.password, parts.path.strip("/")) if text)


def _of_file(settings: Settings) -> Iterator[str]:
    path = settings.provider.secrets_file
    if path is not None:
        with suppress(BadConfig):
            yield from secrets_of(path).values()


def _of_addresses(settings: Settings) -> Iterator[str]:
    addresses = (settings.redis.broker_url, settings.redis.cache_url, settings.observers.webhook)
    for address in addresses:
        with suppress(ValueError):
            password = urlsplit(address or "").password
            if password:
                yield password
                yield unquote(password)
