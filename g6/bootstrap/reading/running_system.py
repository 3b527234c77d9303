"""Settings of who looks at a running system -> the settings under which that system was started."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path

from g6.adapters.redis.clocks.shared_clock import SharedClock
from g6.adapters.redis.controls import RedisControls
from g6.bootstrap.ownership import redis_namespace
from g6.bootstrap.wiring import clock_speed, redis_url, wire
from g6.config import Settings, build, nested
from g6.config.source_table import is_shipped
from g6.domain.cycles.cycle import parse_z
from g6.domain.schema.json_reading import part
from g6.errors import G6Error

SETTLING_SECONDS = 30.0
"""Wall seconds after its instant by which a cycle has rows, or the disk refuses them."""
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


def settled_until(settings: Settings) -> datetime | None:
    """Return the last instant by whose cycle a running simulated market must have rows.

    Rows that a full disk refused lie behind the newest one. Held against that, a day of them had
    no gap.

    Args:
        settings: Those of who asks.

    Returns:
        None of any other market, and where its Redis does not answer.
    """
    with suppress(G6Error):
        started = settings_as_started(settings)
        if not started.source.is_simulated or started.market.speed == "max":
            return None
        wiring = wire(started)
        main = wiring.clients.main
        speed = clock_speed(started)
        clock = SharedClock(main, wiring.namespace, started.market.start, speed)
        if clock.wall_origin() is None:
            return None
        settled = clock.market() - timedelta(seconds=started.interval + SETTLING_SECONDS * speed)
        window = RedisControls(main, wiring.namespace).read().window
        last = None if window is None else window.last
        return settled if last is None else min(settled, parse_z(last))
    return None
