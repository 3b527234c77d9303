"""What a configuration is: its identity, its hashes, and how it may be shown."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, SecretStr

from g6.config.model import Settings
from g6.domain.instrument import INDICES
from g6.masking import mask_setting


def values(settings: Settings) -> dict[str, Any]:
    """Return all values, nested, as JSON has them."""
    return settings.model_dump(mode="json", by_alias=True)


def revealed(settings: Settings) -> dict[str, str]:
    """Return the secrets that are set, by dotted path, as they are: for the environment of a child, for nothing else."""
    sections = [(name, section) for name, section in settings if isinstance(section, BaseModel)]
    found = {f"{section}.{name}": value for section, each in sections for name, value in each if isinstance(value, SecretStr)}
    return {path: value.get_secret_value() for path, value in found.items()}


def flat(nested: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Return nested values by dotted path."""
    found: dict[str, Any] = {}
    for name, value in nested.items():
        found |= flat(value, f"{prefix}{name}.") if isinstance(value, Mapping) else {prefix + name: value}
    return found


def changed(settings: Settings) -> dict[str, Any]:
    """Return the values that differ from the defaults, by dotted path."""
    defaults = values(Settings())
    others = defaults["index_params"]["NIFTY"] | {"enabled": False}
    known = flat(defaults | {"index_params": dict.fromkeys(INDICES, others) | defaults["index_params"]})
    return {path: value for path, value in flat(values(settings)).items() if value != known[path]}


def config_id(settings: Settings) -> str:
    """Return twelve hex digits that name what influences rows: equal configurations have equal ids, on any machine."""
    all_values = values(settings)
    influences = {name: all_values[name] for name in ("interval", "greeks", "quality")} | {
        "scope": settings.scope,
        "provider": settings.provider.name,
        "index_params": {name: all_values["index_params"][name] for name in settings.indices},
    }
    if settings.provider.name == "sim":
        influences["market"] = {name: all_values["market"][name] for name in ("seed", "faults", "skew", "event")}
    return _digest(influences)


def hashes(settings: Settings) -> dict[str, str]:
    """Return a hash per section and, as `all`, one over them; equal starts have equal hashes. Passwords do not enter."""
    shown = mask_setting(values(settings))
    sections = {name: _digest(value) for name, value in shown.items() if isinstance(value, Mapping)}
    top = {name: value for name, value in shown.items() if not isinstance(value, Mapping)}
    sections["top"] = _digest(top)
    return sections | {"all": _digest(sections)}


def _digest(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True, separators=(",", ":")).encode()).hexdigest()[:12]
