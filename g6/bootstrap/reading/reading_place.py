"""The directory whose rows a person means who names none."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from g6.adapters.parquet.queries.stored_span import has_rows
from g6.config import Settings, load
from g6.errors import RedisDown, Unavailable


def data_directory(named: str | Path | None = None) -> Path:
    """Return the directory to read: the one that is named, or that the configuration comes to.

    Raises:
        BadConfig: The configuration cannot be read.
    """
    if named is not None:
        return Path(named).expanduser()
    return place_settings(None).directory


def place_settings(named: str | Path | None) -> Settings:
    """Return the settings under which a directory is read that is named, or is not.

    Raises:
        BadConfig: The configuration cannot be read.
    """
    if named is None:
        return reading_settings(load())
    directory = Path(named).expanduser()
    return load(None, {"data_dir": directory, "demo_dir": directory})


def reading_settings(settings: Settings) -> Settings:
    """Return settings whose directory is the one that a person means.

    `G6_DATA_DIR` counts for reading whatever market is configured: who sets it has rows there.
    Where the directory has no rows and a Redis is configured, it is that of the running system.
    """
    # Who writes is stricter: simulated rows go to demo_dir, so that one forgotten variable does not
    # send them among live ones.
    is_named = settings.origin("data_dir").startswith("env ")
    if settings.simulated and is_named and settings.origin("demo_dir") == "default":
        settings = settings.model_copy(update={"demo_dir": settings.data_dir})
    if has_rows(settings.directory) or not settings.redis.broker_url:
        return settings
    # Imported where it is needed: with the client of Redis a first g6.load takes 0.2 s longer.
    from g6.bootstrap.reading.running_system import settings_as_started

    with suppress(RedisDown, Unavailable):
        started = settings_as_started(settings)
        if has_rows(started.directory):
            return started
    return settings
