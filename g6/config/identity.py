"""What a configuration is: its identity, its hashes, and how it may be shown."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from functools import cache
from typing import Any

from pydantic import BaseModel, SecretStr

from g6.config.keys import keys
from g6.config.settings_model import Settings
from g6.domain.market.instrument import INDICES
from g6.masking import mask_setting


def values(settings: Settings) -> dict[str, Any]:
    """Return all values, nested, as JSON has them."""
    return settings.model_dump(mode="json", by_alias=True)


def revealed(settings: Settings) -> dict[str, str]:
    """Return the secrets that are set, by dotted path, as they are: for the environment of a child, for nothing else."""
    sections = [(name, section) for name, section in settings if isinstance(section, BaseModel)]
    found = {
        f"{section}.{name}": value
        for section, each in sections
        for name, value in each
        if isinstance(value, SecretStr)
    }
    return {path: value.get_secret_value() for path, value in found.items()}


def flat(nested: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Return nested values by dotted path; a setting that is a mapping itself (`log.levels`) is one value."""
    found: dict[str, Any] = {}
    for name, value in nested.items():
        path = prefix + name
        found |= (
            flat(value, path + ".")
            if isinstance(value, Mapping) and path not in _mappings()
            else {path: value}
        )
    return found


@cache
def _mappings() -> frozenset[str]:
    """Return the paths of the settings whose value is a mapping."""
    return frozenset(key.path for key in keys() if isinstance(key.default, Mapping))


def changed(settings: Settings) -> dict[str, Any]:
    """Return the values that differ from the defaults, by dotted path."""
    defaults = values(Settings())
    others = defaults["index_params"]["NIFTY"] | {"enabled": False}
    known = flat(
        defaults | {"index_params": dict.fromkeys(INDICES, others) | defaults["index_params"]}
    )
    return {path: value for path, value in flat(values(settings)).items() if value != known[path]}


_ROWS = (
    "interval",
    "collection.",
    "greeks.",
    "quality.",
    "provider.name",
    "provider.fallback",
    "index_params.",
)
"""The published names, or beginnings of names, of the settings that decide what stands in a row of every source."""


def influences(settings: Settings) -> dict[str, Any]:
    """Return the settings that decide what stands in a row and are not at their default, by published name."""
    names = (*_ROWS, *settings.source.row_settings)
    differing = {
        path: value
        for path, value in changed(settings).items()
        if any(path == name or (name.endswith(".") and path.startswith(name)) for name in names)
        and not _of_an_index_left_out(path, settings)
    }
    # What `auto` comes to counts, not whether a person wrote it down.
    differing.pop("collection.scope", None)
    if (
        settings.scope
        != settings.model_copy(update={"collection": type(settings.collection)()}).scope
    ):
        differing["collection.scope"] = settings.scope
    return differing


def _of_an_index_left_out(path: str, settings: Settings) -> bool:
    """Say whether a path is a parameter of an index that is not collected; that it is not is what counts."""
    section, _, rest = path.partition(".")
    index, _, name = rest.partition(".")
    return section == "index_params" and name != "enabled" and index not in settings.indices


def config_id(settings: Settings) -> str:
    """Return twelve hex digits that name what decides the rows: equal configurations have equal ids, on any machine.

    Published names and values are hashed. A setting at its default does not enter, so that a release which adds one keeps the id:
    workers of both releases go on with each other's cycles during a rolling upgrade.
    """
    return _digest(influences(settings))


def record(settings: Settings) -> dict[str, Any]:
    """Return a configuration as it is written down beside its rows: its id and every value, secrets masked."""
    return {
        "config_id": config_id(settings),
        "influences": influences(settings),
        "settings": mask_setting(values(settings)),
    }


def hashes(settings: Settings) -> dict[str, str]:
    """Return a hash per section and, as `all`, one over them; equal starts have equal hashes. Passwords do not enter."""
    shown = mask_setting(values(settings))
    sections = {name: _digest(value) for name, value in shown.items() if isinstance(value, Mapping)}
    top = {name: value for name, value in shown.items() if not isinstance(value, Mapping)}
    sections["top"] = _digest(top)
    return sections | {"all": _digest(sections)}


def _digest(value: Any) -> str:
    return hashlib.sha256(
        json.dumps(value, sort_keys=True, separators=(",", ":")).encode()
    ).hexdigest()[:12]
