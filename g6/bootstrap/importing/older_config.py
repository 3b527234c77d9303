"""JSON configurations of older systems become configurations of this one, with notes on the rest.

Nothing is lost in silence: what is kept, converted or left out is noted by its path.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from g6.config.keys import nearest, paths
from g6.config.loading import build
from g6.config.nesting import leaf_paths, nested
from g6.config.retired import retired_setting
from g6.domain.market.instrument import INDICES
from g6.errors import BadConfig

_Conversion = Callable[[object], Mapping[str, object]]
"""What a value of an older setting is here, by paths of ours."""

SECRET_WORDS = ("token", "secret", "password", "api_key", "enctoken")
LEFT_OUT = "left out"
KEPT = "as it was"
CONVERTED = "converted"


@dataclass(frozen=True, slots=True)
class ConfigNote:
    """What became of one setting of an older configuration.

    Attributes:
        path: The older setting.
        verdict: as it was, converted, or left out.
        sentence: What it is now, or why it is nothing.
    """

    path: str
    verdict: str
    sentence: str


@dataclass(frozen=True, slots=True)
class OlderConfig:
    """A configuration that was made of an older one.

    Attributes:
        text: The settings as JSON.
        notes: One for each setting of the older file.
    """

    text: str
    notes: tuple[ConfigNote, ...]


def _same(path: str) -> _Conversion:
    return lambda value: {path: value}


def _when(true: Mapping[str, object], false: Mapping[str, object]) -> _Conversion:
    return lambda value: true if value else false


def _indices(value: object) -> Mapping[str, object]:
    """Return the switch of each index: the older list named those that were collected."""
    if isinstance(value, str):
        names = [name.strip() for name in value.split(",")]
    elif isinstance(value, list):
        names = [str(name) for name in value]
    else:
        raise TypeError(value)
    upper = {name.upper() for name in names}
    if not upper <= INDICES.keys():
        raise TypeError(value)
    return {f"index_params.{name}.enabled": name in upper for name in INDICES}


_CONVERSIONS: Mapping[str, _Conversion] = MappingProxyType(
    {
        "indices": _indices,
        "enabled_indices": _indices,
        "use_mock_provider": _when({"provider.name": "sim"}, {"provider.name": "kite"}),
        "mock_data": _when({"provider.name": "sim"}, {"provider.name": "kite"}),
        "disable_pretty_cycle": _when({"log.format": "json"}, {}),
        "force_ascii": _when({"console.ascii": "always"}, {}),
        "force_unicode": _when({"console.ascii": "never"}, {}),
        "panels_validate": _same("panels.validate"),
        "panels_dir": _same("panels_dir"),
        "collection_interval": _same("interval"),
        "collection_interval_seconds": _same("interval"),
        "interval_seconds": _same("interval"),
        "cycle_interval": _same("interval"),
        "enable_greeks": _same("greeks.enabled"),
        "compute_greeks": _same("greeks.enabled"),
        "estimate_iv": _same("greeks.estimate_iv"),
        "risk_free_rate": _same("greeks.risk_free_rate"),
        "iv_max_iterations": _same("greeks.iv_max_iterations"),
        "iv_precision": _same("greeks.iv_precision"),
        "csv_dir": _same("storage.csv.base_dir"),
        "csv_base_dir": _same("storage.csv.base_dir"),
        "base_dir": _same("storage.csv.base_dir"),
        "influx_url": _same("influx.url"),
        "influx_org": _same("influx.org"),
        "influx_bucket": _same("influx.bucket"),
        "log_level": _same("log.level"),
        "runtime_status_file": _same("status_file"),
    }
)
"""By the last part of an older path, where no setting of ours has the whole path."""


def convert(older: str) -> OlderConfig:
    """Return the configuration that an older one says, with a note on each of its settings.

    Args:
        older: The older file's JSON.

    Raises:
        ValueError: It is no JSON, or no object.

    >>> older = convert('{"interval": 30, "use_mock_provider": true, "colour": "blue"}')
    >>> json.loads(older.text)
    {'interval': 30, 'provider': {'name': 'sim'}}
    >>> [note.verdict for note in older.notes]
    ['as it was', 'converted', 'left out']
    """
    document = json.loads(older)
    if not isinstance(document, dict):
        raise ValueError("holds no object, and a configuration is one")  # noqa: TRY004
    ours = frozenset(paths())
    values: dict[str, object] = {}
    notes = []
    for path in leaf_paths(document):
        value = _value(document, path)
        verdict, settings, sentence = _converted(path, value, path in ours or _by_index(path, ours))
        refusal = _refusal({**values, **settings}) if settings else ""
        if refusal:
            notes.append(ConfigNote(path, LEFT_OUT, f"{_shown(path, value)}: {refusal}"))
            continue
        values |= settings
        notes.append(ConfigNote(path, verdict, sentence))
    return OlderConfig(json.dumps(nested(values), indent=2) + "\n", tuple(notes))


def _converted(path: str, value: object, is_ours: bool) -> tuple[str, Mapping[str, object], str]:
    """Return verdict, settings and sentence of one older setting."""
    last = path.rpartition(".")[2]
    if path == "$schema":
        return LEFT_OUT, {}, "the schema is that of this version"
    if any(word in last.lower() for word in SECRET_WORDS) and isinstance(value, str):
        name = last.upper().removeprefix("KITE_")
        variable = f"KITE_{name}" if path.startswith("kite") or "api" in last else f"G6_{name}"
        return LEFT_OUT, {}, f"a secret is not copied; set {variable} in .env"
    if is_ours:
        return KEPT, {path: value}, "the same setting"
    conversion = _CONVERSIONS.get(last)
    if conversion is not None:
        try:
            settings = conversion(value)
        except TypeError:
            return LEFT_OUT, {}, f"{_shown(path, value)} is not understood"
        now = ", ".join(f"{name} = {setting}" for name, setting in settings.items())
        return CONVERTED, settings, now or "that is how it is without a setting"
    if record := retired_setting(last):
        return LEFT_OUT, {}, f"{_shown(path, value)}: {record.instead}"
    near = nearest(tuple(path.split(".")))
    hint = f"; there is {near[0]}" if near else ""
    return LEFT_OUT, {}, f"{_shown(path, value)} has no counterpart{hint}"


def _by_index(path: str, ours: frozenset[str]) -> bool:
    """Return whether a path is a setting of one index."""
    parts = path.split(".")
    is_index = len(parts) == 3 and parts[0] == "index_params" and parts[1] in INDICES
    return is_index and any(name.endswith(f".{parts[2]}") for name in ours)


def _value(document: Mapping[str, object], path: str) -> object:
    value: object = document
    for name in path.split("."):
        if not isinstance(value, Mapping):
            return None
        # A name of an older file may itself hold a dot, and is then noted with its file's value.
        value = value.get(name)
    return value


def _refusal(values: Mapping[str, object]) -> str:
    """Return why settings cannot be built, "" where they can."""
    try:
        build(nested(values))
    except BadConfig as error:
        return error.sentence
    return ""


def _shown(path: str, value: object) -> str:
    return f"{path} = {value!r}"
