"""Settings -> the provider as a person asks it: with short requests and without retries."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import datetime
from functools import cached_property

from g6.bootstrap.quote_sources.guarding import guarded, shared_state
from g6.bootstrap.quote_sources.sources import check_names, provider
from g6.bootstrap.wiring import Wiring, wire_if_running
from g6.config import Settings
from g6.ports import Provider

REQUEST_SECONDS = 2.0


class AskedProvider:
    """The configured provider, built when it is first asked."""

    def __init__(self, settings: Settings) -> None:
        check_names(settings)
        own = settings.provider
        # Without retries and with short requests: a person waits for the answer.
        quick = {"timeout": min(own.timeout, REQUEST_SECONDS), "retries": 0}
        if settings.source.is_live:
            settings = settings.model_copy(update={"provider": own.model_copy(update=quick)})
        self._settings = settings

    @cached_property
    def provider(self) -> Provider:
        """The provider, guarded where it is live."""
        own = self._settings.provider
        if not self.is_live:
            return provider(self._wiring)
        return guarded(self._wiring, shared_state(self._wiring), own.name, own.root, own.name)

    @property
    def indices(self) -> Sequence[str]:
        """The enabled indices."""
        return self._settings.indices

    @property
    def is_live(self) -> bool:
        """Whether it quotes the market of now."""
        return self._settings.source.is_live

    @property
    def now(self) -> datetime:
        """The market's instant: a simulation's start, a live provider's clock."""
        if not self.is_live:
            return self._settings.market.start
        return self._wiring.clock.market()

    def stopwatch(self) -> float:
        """Return seconds from some instant in the past, which never go back."""
        return time.monotonic()

    @cached_property
    def _wiring(self) -> Wiring:
        return wire_if_running(self._settings)
