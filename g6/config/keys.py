"""The keys of the model: their paths, environment variables and meanings, and the nearest right one to a wrong one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from typing import Any, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from g6.config.settings_model import Settings
from g6.domain.market.instrument import INDICES

ALIASES = {
    "G6_CSV_BASE_DIR": "storage.csv.base_dir", "G6_COLOR": "console.colour", "NO_COLOR": "console.colour",
    "KITE_API_KEY": "provider.api_key", "KITE_API_SECRET": "provider.api_secret", "KITE_ACCESS_TOKEN": "provider.access_token",
    "KITE_REQUEST_TOKEN": "provider.request_token", "G6_TOKEN_PROVIDER": "provider.token_provider",
    "G6_TOKEN_HEADLESS": "provider.headless",
}  # fmt: skip
"""Variables that mean a key without being spelt like it."""


@dataclass(frozen=True, slots=True)
class Key:
    """One key: its dotted path (`<INDEX>` for any index), its field, and the default as JSON would have it."""

    path: str
    field: FieldInfo
    default: Any

    @property
    def variable(self) -> str:
        """The environment variable that sets it."""
        return variable(self.path)


def variable(path: str) -> str:
    """Return the environment variable of a dotted path."""
    return "G6_" + path.replace(".", "__").upper()


def keys() -> tuple[Key, ...]:
    """Return every key of the model that holds a value, in its order."""
    return tuple(
        _walk(Settings, Settings.model_construct().model_dump(mode="json", by_alias=True), "")
    )


def _walk(model: type[BaseModel], defaults: Mapping[str, Any], prefix: str) -> Iterator[Key]:
    for name, field in fields(model).items():
        inner, path = section_of(field), prefix + name
        if inner is None:
            yield Key(path, field, defaults[name])
        elif _by_index(field):
            yield from _walk(inner, next(iter(defaults[name].values())), f"{path}.<INDEX>.")
        else:
            yield from _walk(inner, defaults[name], path + ".")


def fields(model: type[BaseModel]) -> dict[str, FieldInfo]:
    """Return the fields of a section by the name they are written under."""
    return {field.alias or name: field for name, field in model.model_fields.items()}


def section_of(field: FieldInfo) -> type[BaseModel] | None:
    """Return the section that a field holds (of each index, for `index_params`), None where it holds a value."""
    inner = get_args(field.annotation)[-1] if _by_index(field) else field.annotation
    return inner if isinstance(inner, type) and issubclass(inner, BaseModel) else None


def _by_index(field: FieldInfo) -> bool:
    return get_origin(field.annotation) is dict


def allowed(path: Iterable[str]) -> tuple[str, ...]:
    """Return the names allowed below a path of names; empty where the path holds a value or does not exist."""
    model: type[BaseModel] | None = Settings
    names = list(path)
    while names and model is not None:
        field = fields(model).get(names.pop(0))
        if field is None:
            return ()
        model = section_of(field)
        if _by_index(field):
            if not names:
                return tuple(INDICES)
            if names.pop(0) not in INDICES:
                return ()
    return tuple(fields(model)) if model is not None else ()


@cache
def paths() -> tuple[str, ...]:
    """Return the dotted paths of all keys and sections, with every index by its name."""

    def below(prefix: tuple[str, ...]) -> Iterator[str]:
        for name in allowed(prefix):
            yield ".".join((*prefix, name))
            yield from below((*prefix, name))

    return tuple(below(()))


def nearest(path: tuple[str, ...]) -> tuple[str, ...]:
    """Return up to three right paths near a wrong one: first by its last name at its own level, then anywhere."""
    *above, last = path
    here = get_close_matches(last, allowed(above), n=3, cutoff=0.5)
    if here:
        return tuple(".".join((*above, name)) for name in here)
    known = paths()
    there = [each for each in known if each.rpartition(".")[2] == last]
    return tuple(there[:3] or get_close_matches(".".join(path), known, n=3, cutoff=0.6))


def nearest_variable(name: str) -> tuple[str, ...]:
    """Return up to three environment variables near a wrong one."""
    settable = [path for path in paths() if not allowed(path.split("."))]
    return tuple(
        get_close_matches(name, [*map(variable, settable), *ALIASES, "G6_CONFIG"], n=3, cutoff=0.6)
    )
