"""Panels that work on stored days makes: to the files, and to a system that runs over them."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime

from g6.adapters.panel_files import PanelFiles
from g6.bootstrap.ownership import is_written_by_a_system
from g6.config import Settings
from g6.domain.cycles.cycle import isoformat_z
from g6.domain.documents.panels import envelope
from g6.errors import RedisDown, Unavailable

__all__ = ["keep_panel"]


def keep_panel(settings: Settings, name: str, data: object, cycle: str, source: str) -> None:
    """Write a panel of a stored day as panels of cycles are written.

    Page, streams and `g6 panels` of a running system show it: its Redis has it too.

    Args:
        settings: The configuration.
        name: The panel's.
        data: What it shows.
        cycle: The newest cycle that it is of.
        source: What made it.

    Raises:
        StoreBusy: The file system refuses.
        BadInput: The panel is not what its schema says, and validation is strict.
    """
    now = isoformat_z(datetime.now(UTC).replace(microsecond=0))
    document = envelope(name, data, cycle, now, source=source)
    PanelFiles(settings.panels_dir, settings.panels.validate_).put({name: document})
    if is_written_by_a_system(settings):
        from g6.adapters.redis.panels import RedisPanels
        from g6.bootstrap.wiring import wire

        # The files have it, and its next making puts it into a Redis that is away now.
        with suppress(RedisDown, Unavailable):
            wiring = wire(settings)
            RedisPanels(wiring.clients.main, wiring.namespace).put({name: document})
