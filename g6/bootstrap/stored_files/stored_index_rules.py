"""The indices and rules under which stored cycles were collected, as they were written down."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from g6.adapters.data_dir.kept_configs import kept_settings
from g6.bootstrap.stored_files.directory_rows import rows_of
from g6.bootstrap.stores import store
from g6.config import Settings, build, flat, nested
from g6.config.sections import IndexParams
from g6.domain.cycles.cycle import parse_z
from g6.domain.quotes.stamp import collection_of
from g6.errors import G6Error, NothingToDo
from g6.ports.readers import StoredReader
from g6.studies import selection

__all__ = ["index_rules_at"]

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


def _configuration(reader: StoredReader, indices: Sequence[str], at: datetime) -> str:
    """Return the id of the configuration that collected the first index with a chain by then."""
    for index in indices:
        with suppress(NothingToDo):
            _, frame = selection.latest(reader, index, at)
            return collection_of(frame)
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
