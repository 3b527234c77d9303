"""The secrets that a configuration holds, so that what leaves this machine can be searched for."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from urllib.parse import unquote, urlsplit

from g6.config import Settings, secrets_of
from g6.config.identity import revealed
from g6.errors import BadConfig
from g6.errors.masking import MASK

SHORTEST = 4
"""Characters from which on a secret is struck out wherever it stands. Shorter ones are words."""


def own_secrets(settings: Settings) -> tuple[str, ...]:
    """Return every secret of a configuration, the longest first."""
    secrets = {*revealed(settings).values(), *_of_file(settings), *_of_addresses(settings)}
    with suppress(BadConfig):
        secrets.add(influx_token(settings))
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
