"""The identity of a configuration: its id, its hashes, and how it may be shown."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

from pydantic import BaseModel, SecretStr

from g6.config.keys import keys
from g6.config.settings_model import Settings
from g6.domain.market.instrument import INDICES
from g6.domain.schema.json_reading import part
from g6.errors.masking import mask_setting

Nested = dict[str, object]
"""Values as JSON has them: numbers, texts, lists, and mappings of these by name."""

DIGEST_DIGITS = 12


def values(settings: Settings) -> Nested:
    """Return all values, nested, as JSON has them."""
    return settings.model_dump(mode="json", by_alias=True)


def revealed(settings: Settings) -> dict[str, str]:
    """Return the secrets that are set, by dotted path: for the environment of a child alone."""
    secrets = {}
    for section_name, section in settings:
        if not isinstance(section, BaseModel):
            continue
        for name, value in section:
            if isinstance(value, SecretStr):
                secrets[f"{section_name}.{name}"] = value.get_secret_value()
    return secrets


def flat(nested: Mapping[str, object], prefix: str = "") -> Nested:
    """Return nested values by dotted path.

    A setting that is a mapping itself is one value.
    """
    return dict(_flat(nested, prefix))


def _flat(nested: Mapping[str, object], prefix: str) -> Iterator[tuple[str, object]]:
    for name, value in nested.items():
        path = prefix + name
        if isinstance(value, Mapping) and path not in _mapping_paths():
            yield from _flat(value, path + ".")
        else:
            yield path, value


@cache
def _mapping_paths() -> frozenset[str]:
    """Return the paths of the settings whose value is a mapping."""
    return frozenset(key.path for key in keys() if isinstance(key.default, Mapping))


def changed(settings: Settings) -> Nested:
    """Return the values that differ from the defaults, by dotted path."""
    defaults = values(Settings())
    # The default names six indices; any other is off unless it is configured.
    by_index = part(defaults, "index_params")
    switched_off = {**part(by_index, "NIFTY"), "enabled": False}
    names = (*INDICES, *settings.index_params)
    indices = {**dict.fromkeys(names, switched_off), **by_index}
    default = flat(defaults | {"index_params": indices})
    current = flat(values(settings))
    return {path: value for path, value in current.items() if value != default[path]}


_ROW_SETTINGS = (
    "interval",
    "collection.",
    "greeks.",
    "quality.",
    "provider.name",
    "provider.fallback",
    "index_params.",
)
"""The settings that decide what a row of every source says, or the beginnings of their names."""


def influences(settings: Settings) -> Nested:
    """Return the settings that decide what a row says and differ from their default."""
    differing = {
        path: value for path, value in changed(settings).items() if _decides_rows(path, settings)
    }
    if settings.provider.layout is not None and "provider.layout" in differing:
        differing["provider.layout"] = _file_digest(settings.provider.layout)
    # What `auto` comes to counts, not whether a person wrote it down.
    differing.pop("collection.scope", None)
    automatic = settings.model_copy(update={"collection": type(settings.collection)()}).scope
    if settings.scope != automatic:
        differing["collection.scope"] = settings.scope
    return differing


def _decides_rows(path: str, settings: Settings) -> bool:
    """Tell whether a setting decides what a row of these settings says."""
    section, _, rest = path.partition(".")
    index, _, name = rest.partition(".")
    # Of an index that is not collected nothing counts but that it is not.
    if section == "index_params" and name != "enabled" and index not in settings.indices:
        return False
    for published in (*_ROW_SETTINGS, *settings.source.row_settings):
        if path == published or (published.endswith(".") and path.startswith(published)):
            return True
    return False


def config_id(settings: Settings) -> str:
    """Return twelve hex digits that name what decides the rows.

    Published names and values are hashed: equal configurations have equal ids, on any machine.
    """
    # A setting at its default does not enter, so that a release which adds one keeps the id:
    # workers of both releases go on with each other's cycles during a rolling upgrade.
    return _digest(influences(settings))


def record(settings: Settings) -> Nested:
    """Return a configuration as it is written beside its rows: id, all values, secrets masked."""
    return {
        "config_id": config_id(settings),
        "influences": influences(settings),
        "settings": mask_setting(values(settings)),
    }


def _file_digest(path: Path) -> str:
    """Return a digest of a file's content, the file's name where it cannot be read."""
    # By its path one layout had two ids on two machines, and two layouts under one name had one.
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()[:DIGEST_DIGITS]
    except OSError:
        return path.name


def hashes(settings: Settings) -> dict[str, str]:
    """Return a hash per section and, as `all`, one over them.

    Passwords do not enter.
    """
    masked = mask_setting(values(settings))
    sections = {}
    top = {}
    for name, value in masked.items():
        if isinstance(value, Mapping):
            sections[name] = _digest(value)
        else:
            top[name] = value
    sections["top"] = _digest(top)
    return sections | {"all": _digest(sections)}


def _digest(value: object) -> str:
    text = json.dumps(value, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:DIGEST_DIGITS]
