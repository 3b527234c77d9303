"""Builds the source `kite`: Zerodha's Kite Connect, and the keeper of its access token."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from g6.adapters.kite import Access
from g6.adapters.kite.authorized_requests import KiteSettings
from g6.adapters.kite.browser_login import Callback, exchange
from g6.adapters.kite.kite_provider import KiteProvider
from g6.bootstrap.settings_checks.credentials import credentials
from g6.bootstrap.settings_checks.rest_budget import request_seconds
from g6.config import Settings
from g6.domain.reports import ProviderState
from g6.domain.schema.layout import TOKEN_FILE, Folder
from g6.ports.clock import Clock
from g6.ports.shared_cache import SharedCache
from g6.ports.sources import Surroundings

LEARNED_BY_UNITS = 6
"""Contracts whose previous open interest a unit asks for, unless the ticker asks for all."""


def kite_provider(settings: Settings, surroundings: Surroundings) -> KiteProvider:
    """Return the provider that asks Kite Connect.

    Raises:
        BadConfig: The credentials cannot be read, or would be sent in clear.
    """
    clock = surroundings.clock
    kite = KiteSettings(
        api_key=credentials(settings).api_key,
        dump_directory=settings.directory / Folder.DUMPS,
        root=surroundings.root,
        timeout=request_seconds(settings),
        mode=settings.kind,
        previous_per_unit=0 if settings.streamed else LEARNED_BY_UNITS,
        indices=settings.indices,
    )
    return KiteProvider(
        token_keeper(settings, clock, surroundings.cache, surroundings.notify),
        surroundings.gate,
        surroundings.cache,
        clock,
        surroundings.calendar,
        kite,
        tell=surroundings.notify,
    )


def token_keeper(
    settings: Settings,
    clock: Clock,
    cache: SharedCache,
    notify: Callable[[ProviderState], None],
) -> Access:
    """Return the keeper of the access token, who buys one where the secret is known."""
    mine = credentials(settings)
    buy_token = partial(
        exchange,
        mine,
        root=settings.provider.root,
        timeout=settings.provider.timeout,
        now=clock.market,
    )
    return Access(
        mine,
        cache,
        settings.directory / TOKEN_FILE,
        clock,
        buy_token if mine.api_secret else None,
        notify,
    )


def redirect_page(port: int) -> Callback:
    """Return the page of this machine that waits for the redirect of a login, not yet listening."""
    return Callback(port)
