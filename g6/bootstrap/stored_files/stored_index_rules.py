"""The indices, rules and simulated market of stored cycles, as they were written down."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from g6.adapters.data_dir.kept_configs import kept_settings
from g6.adapters.parquet.queries.market_time import kind_of_rows
from g6.bootstrap.stored_files.directory_rows import rows_of
from g6.bootstrap.stores import store
from g6.config import Settings, build, flat, nested, values
from g6.config.sections import IndexParams
from g6.config.source_table import source_named
from g6.domain.cycles.cycle import isoformat_z, parse_z
from g6.domain.quotes.stamp import LOST, collection_of, settings_of
from g6.domain.schema.words import MarketKind
from g6.errors import G6Error, NothingToDo, Unavailable
from g6.ports.readers import StoredReader
from g6.studies import selection

__all__ = ["index_rules_at", "refuse_other_seed", "stored_seed"]

SECTION = "index_params."


def index_rules_at(settings: Settings, at: datetime) -> Mapping[str, IndexParams] | None:
    """Return which indices are enabled by which rules, of the newest stored cycle not after `at`.

    Where its configuration is not written down, the indices that have a row in it count, by the
    rules of now.

    Args:
        settings: The configuration of now, which names the data directory.
        at: The instant.

    Returns:
        None where nothing is stored of then, or where the instant lies ahead.
    """
    reader = rows_of(settings.directory, store(settings))
    newest = reader.last_cycle()
    if newest is None or at > max(newest, datetime.now(UTC)):
        return None
    try:
        cycle = selection.cycles_until(reader, at)[-1]
    except NothingToDo:
        return None
    instant = parse_z(cycle)
    indices = sorted(reader.cycles(instant, instant).get(cycle, ()))
    stated = _stated(settings.directory, _configuration(reader, indices, at))
    if stated is not None:
        return stated
    params = settings.index_params
    rules = dict.fromkeys((*params, *indices), IndexParams()) | dict(params)
    return {
        name: rule.model_copy(update={"enabled": name in indices}) for name, rule in rules.items()
    }


def stored_seed(settings: Settings) -> int | None:
    """Return the seed of the simulated market that the newest stored chain is of.

    Args:
        settings: The configuration of now, which names the data directory.

    Returns:
        None where no chain is stored, where its configuration is not written down, and where it
        names another market.
    """
    directory = settings.directory
    reader = rows_of(directory, store(settings))
    newest = reader.last_cycle()
    if newest is None:
        return None
    indices = sorted(reader.cycles(newest, newest).get(isoformat_z(newest), ()))
    config_id = _configuration(reader, indices, newest)
    written = kept_settings(directory, config_id) if config_id else None
    if written is None:
        return None
    # A setting that the file leaves out was at its default.
    stated = flat(values(Settings())) | flat(written)
    seed = stated.get("market.seed")
    is_simulated = source_named(str(stated.get("provider.name"))).is_simulated
    return seed if is_simulated and isinstance(seed, int) else None


def refuse_other_seed(settings: Settings, *, has_mix: bool = True) -> None:
    """Refuse to bring simulated rows into a directory that holds those of another seed.

    Args:
        settings: The configuration.
        has_mix: Whether who asks can be told to mix them all the same.

    Raises:
        Unavailable: The newest chain there is of the simulated market of another seed.
    """
    if not settings.source.is_simulated:
        return
    if kind_of_rows(settings.directory) != MarketKind.SIM:
        return
    # Another seed is another market: 23,947 points at 15:39 stood beside 24,793 at 15:40.
    seed = stored_seed(settings)
    if seed is None or seed == settings.market.seed:
        return
    mixing = ", or --mix if you want both in one place" if has_mix else ""
    raise Unavailable(
        f"the data directory {settings.directory} holds rows of the simulated market of seed "
        f"{seed}; this run's are of seed {settings.market.seed}",
        f"--set market.seed={seed} goes on with it; else give --data-dir DIR{mixing}",
    )


def _configuration(reader: StoredReader, indices: Sequence[str], at: datetime) -> str:
    """Return the id of the configuration that collected the first index with a chain by then."""
    for index in indices:
        with suppress(NothingToDo):
            _, frame = selection.latest(reader, index, at)
            name = collection_of(frame)
            return settings_of(frame) if name == LOST else name
    return ""


def _stated(directory: Path, config_id: str) -> Mapping[str, IndexParams] | None:
    """Return the rules that a written configuration states, None where nothing can be read."""
    written = kept_settings(directory, config_id) if config_id else None
    if written is None:
        return None
    rules = {name: value for name, value in flat(written).items() if name.startswith(SECTION)}
    # Another release may have written what this one refuses.
    with suppress(G6Error):
        return build(nested(rules)).index_params
    return None
