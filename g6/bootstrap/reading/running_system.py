"""Settings of who looks at a running system -> the settings under which that system was started."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from g6.bootstrap.ownership import redis_namespace
from g6.bootstrap.wiring import redis_url
from g6.config import Settings, build, nested
from g6.config.source_table import is_shipped
from g6.domain.schema.json_reading import part
from g6.errors import G6Error

_DECIDING = (
    "interval",
    "market.",
    "index_params.",
    "provider.name",
    "provider.root",
    "provider.recording",
    "data_dir",
    "demo_dir",
)
"""Settings that decide which cycles there are and where their market's clock stands.

None of them is secret.
"""


def recorded_start(settings: Settings) -> Mapping[str, object] | None:
    """Return what the running system recorded of its settings, None where it did not.

    Raises:
        Unavailable: No Redis is known.
        RedisDown: It does not answer.
    """
    return redis_namespace(settings, redis_url(settings)).settings()


def settings_as_started(settings: Settings) -> Settings:
    """Return settings with the market, interval and indices of the system that runs.

    It may have been started with `--speed`, `--start` or `--interval`, which who looks at it does
    not know. Without them its instants cannot be named.

    Raises:
        Unavailable: No Redis is known.
        RedisDown: It does not answer.
    """
    # Without this g6 status told ages of -10,986 s of a system that ran with --speed.
    record = recorded_start(settings)
    if record is None:
        return settings
    values = part(record, "values")
    recording = values.get("provider.recording")
    if not is_shipped(str(values.get("provider.name"))):
        return settings
    if recording and not Path(str(recording)).exists():
        return settings
    deciding = {
        path: value
        for path, value in values.items()
        if path.startswith(_DECIDING) and value is not None
    }
    # Another release may have written settings that this one refuses.
    with suppress(G6Error):
        started = build(nested(deciding))
        source = {name: getattr(started.provider, name) for name in ("name", "root", "recording")}
        provider = settings.provider.model_copy(update=source)
        return settings.model_copy(
            update={
                "interval": started.interval,
                "market": started.market,
                "index_params": started.index_params,
                "provider": provider,
                "data_dir": started.data_dir,
                "demo_dir": started.demo_dir,
            }
        )
    return settings
