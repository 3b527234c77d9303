"""Settings of who looks at a running system -> the settings under which that system was started."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from g6.bootstrap.owning import namespace
from g6.bootstrap.redis_address import BUILT_IN, broker_url
from g6.config import Settings, build, nested
from g6.errors import G6Error

_SEEN_BY_ALL = (
    "interval",
    "market.",
    "index_params.",
    "provider.name",
    "provider.root",
    "provider.recording",
    "data_dir",
    "demo_dir",
)
"""What decides which cycles there are, and where their market's clock stands; none of it is secret."""


def running_record(settings: Settings) -> Mapping[str, Any] | None:
    """Return what the running system wrote down of its settings, None where it did not. Errors: Unavailable, RedisDown."""
    return namespace(settings, broker_url(settings)).settings()


def as_running(settings: Settings) -> Settings:
    """Return settings with the market, interval and indices of the system that runs, by which alone its instants can be told.

    A system may have been started with `--speed`, `--start` or `--interval`, which who looks at it does not know.
    Errors: Unavailable, RedisDown.
    """
    record = running_record(settings)
    if record is None:
        return settings
    values: Mapping[str, Any] = record.get("values", {})
    recording = values.get("provider.recording")
    if values.get("provider.name") not in BUILT_IN or (recording and not Path(recording).exists()):
        return settings
    seen = {
        path: value
        for path, value in values.items()
        if path.startswith(_SEEN_BY_ALL) and value is not None
    }
    with suppress(G6Error):  # another release's settings
        theirs = build(nested(seen))
        provider = settings.provider.model_copy(
            update={name: getattr(theirs.provider, name) for name in ("name", "root", "recording")}
        )
        return settings.model_copy(
            update={
                "interval": theirs.interval, "market": theirs.market, "index_params": theirs.index_params, "provider": provider,
                "data_dir": theirs.data_dir, "demo_dir": theirs.demo_dir,
            }
        )  # fmt: skip
    return settings
