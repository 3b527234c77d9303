"""Settings -> the ownership of a data directory, for everybody who writes rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from g6.adapters.clocks import WallClock
from g6.adapters.data_dir.owner import System, keep_configuration, owned, owner
from g6.config import Settings, record
from g6.errors import RedisDown, Unavailable

if TYPE_CHECKING:
    from g6.adapters.redis.server import RedisNamespace


def redis_namespace(settings: Settings, url: str) -> RedisNamespace:
    """Return the facts of the configured namespace in the Redis at `url`."""
    # Who writes files without a system, as a sample does, needs no client of Redis.
    from g6.adapters.redis.server import RedisNamespace
    from g6.bootstrap.wiring import connect_to

    return RedisNamespace(connect_to(settings, url), settings.namespace)


def is_written_by_a_system(settings: Settings) -> bool:
    """Tell whether a system runs over the data directory, in the namespace of the settings."""
    owner_record = owner(settings.directory) or {}
    return bool(owner_record.get("broker")) and owner_record.get("namespace") == settings.namespace


def owning_system(settings: Settings, url: str) -> System:
    """Return the system that a Redis and a namespace make.

    Where Redis does not answer, by its address alone.
    """
    try:
        mark = redis_namespace(settings, url).mark()
    except (RedisDown, Unavailable):
        mark = ""
    return System(url, settings.namespace, mark)


def system_of_its_own(settings: Settings) -> System:
    """Return a system that nobody else is of yet, as its Redis is still to be started."""
    return System.of_its_own(settings.namespace)


@contextmanager
def owned_directories(
    settings: Settings,
    who: str,
    system: System | None = None,
    *,
    of_kind: bool = True,
    mix: bool = False,
) -> Iterator[Callable[[str], None]]:
    """Own the data directory for the block, and the directory of CSV files where that is another.

    Args:
        settings: The configuration.
        who: What a person calls this process.
        system: Without it that of the configured Redis. Where none is configured the block joins
            whoever owns the directory.
        of_kind: Whether the directory must hold rows of this kind of market.
        mix: Whether it may hold rows of another kind all the same.

    Yields:
        A function that tells others the address of a Redis which the block starts.

    Raises:
        Unavailable: Somebody else owns it.
    """
    if system is None:
        url = settings.redis.broker_url or ""
        system = owning_system(settings, url) if url else System()
    # Owned with a configured Redis too: two systems on two servers overwrote each other's cycles
    # in one directory while only embedded ones wrote down who they were.
    directory = settings.directory
    csv = settings.csv_dir
    kind = settings.kind if of_kind else None
    clock = WallClock()
    with ExitStack() as stack:
        source = settings.provider.name if settings.lookalike else ""
        tell = stack.enter_context(
            owned(directory, kind, system, clock, who=who, mix=mix, source=source)
        )
        if not settings.storage.csv.enabled or _is_below(csv, directory):
            yield tell
            return
        tell_csv = stack.enter_context(owned(csv, None, system, clock, who=who))

        def tell_both(url: str) -> None:
            tell(url)
            tell_csv(url)

        yield tell_both


def _is_below(path: Path, directory: Path) -> bool:
    return path.absolute().is_relative_to(directory.absolute())


def record_configuration(settings: Settings) -> None:
    """Write the configuration beside the rows that will name it, unless it is there.

    Raises:
        Unavailable: The directory cannot be written.
    """
    keep_configuration(settings.directory, record(settings))
