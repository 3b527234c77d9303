"""Settings -> the ownership of a data directory, for everybody who writes rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

from g6.adapters.data_dir.owner import System, keep_configuration, owned
from g6.adapters.redis.server import RedisNamespace, connect
from g6.config import Settings, record
from g6.errors import RedisDown, Unavailable


def namespace(settings: Settings, broker: str) -> RedisNamespace:
    """Return the facts of the namespace that these settings name on a broker."""
    return RedisNamespace(
        connect(broker, master_name=settings.redis.master_name or ""), settings.namespace
    )


def system(settings: Settings, broker: str) -> System:
    """Return the system that a broker and a namespace make; of a broker that does not answer, by its address alone."""
    try:
        mark = namespace(settings, broker).mark()
    except (RedisDown, Unavailable):
        mark = ""
    return System(broker, settings.namespace, mark)


@contextmanager
def owning(
    settings: Settings,
    who: str,
    known: System | None = None,
    *,
    of_kind: bool = True,
    mix: bool = False,
) -> Iterator[Callable[[str], None]]:
    """Own the data directory for the block, and the directory of CSV files where that is another.

    Without `known` the system is that of the configured broker; without a broker the block joins whoever owns the directory. The
    block is given a function that tells others the address of a broker which it starts. Errors: Unavailable.
    """
    if known is None:
        broker = settings.redis.broker_url or ""
        known = system(settings, broker) if broker else System()
    directory, csv = settings.directory, settings.csv_dir
    with ExitStack() as held:
        tell = held.enter_context(
            owned(directory, settings.kind if of_kind else None, known, who=who, mix=mix)
        )
        if settings.storage.csv.enabled and not csv.absolute().is_relative_to(directory.absolute()):
            tell_csv = held.enter_context(owned(csv, None, known, who=who))

            def tell_both(broker: str) -> None:
                tell(broker)
                tell_csv(broker)

            yield tell_both
        else:
            yield tell


def write_down(settings: Settings) -> None:
    """Write the configuration down beside the rows that will name it, unless it is there. Errors: Unavailable."""
    keep_configuration(settings.directory, record(settings))
