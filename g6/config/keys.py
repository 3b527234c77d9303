"""The keys of the model: paths, environment variables, and the nearest right key to a wrong one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from g6.config.settings_model import Settings
from g6.domain.market.instrument import INDICES
from g6.domain.schema.nearest import nearest_few

ALIASES = {
    "G6_CSV_BASE_DIR": "storage.csv.base_dir",
    "G6_COLOR": "console.colour",
    "NO_COLOR": "console.colour",
    "KITE_API_KEY": "provider.api_key",
    "KITE_API_SECRET": "provider.api_secret",
    "KITE_ACCESS_TOKEN": "provider.access_token",
    "KITE_REQUEST_TOKEN": "provider.request_token",
    "G6_TOKEN_PROVIDER": "provider.token_provider",
    "G6_TOKEN_HEADLESS": "provider.headless",
}
"""Variables that set a key without being spelt like it."""

SUGGESTIONS = 3


@dataclass(frozen=True, slots=True)
class Key:
    """One key of the model.

    Attributes:
        path: Dotted path, `<INDEX>` for any index.
        field: Pydantic's field.
        default: The default as JSON would have it.
    """

    path: str
    field: FieldInfo
    default: object

    @property
    def variable(self) -> str:
        """The environment variable that sets it."""
        return variable(self.path)


def variable(path: str) -> str:
    """Return the environment variable of a dotted path.

    >>> variable("redis.broker_url")
    'G6_REDIS__BROKER_URL'
    """
    return "G6_" + path.replace(".", "__").upper()


def keys() -> tuple[Key, ...]:
    """Return every key of the model that holds a value, in the model's order."""
    defaults = Settings.model_construct().model_dump(mode="json", by_alias=True)
    return tuple(_keys_of(Settings, defaults, ""))


def _keys_of(model: type[BaseModel], defaults: Mapping[str, object], prefix: str) -> Iterator[Key]:
    for name, field in fields(model).items():
        path = prefix + name
        section = section_of(field)
        default = defaults[name]
        if section is None or not isinstance(default, Mapping):
            yield Key(path, field, default)
        elif _is_by_index(field):
            yield from _keys_of(section, next(iter(default.values())), f"{path}.<INDEX>.")
        else:
            yield from _keys_of(section, default, path + ".")


def fields(model: type[BaseModel]) -> dict[str, FieldInfo]:
    """Return the fields of a section by the name they are written under."""
    return {field.alias or name: field for name, field in model.model_fields.items()}


def section_of(field: FieldInfo) -> type[BaseModel] | None:
    """Return the section that a field holds, of each index for `index_params`.

    None for a value.
    """
    annotation = get_args(field.annotation)[-1] if _is_by_index(field) else field.annotation
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return None


def _is_by_index(field: FieldInfo) -> bool:
    return get_origin(field.annotation) is dict


def allowed(path: Iterable[str]) -> tuple[str, ...]:
    """Return the names allowed below a path of names.

    They are none where the path holds a value or does not exist.
    """
    model: type[BaseModel] | None = Settings
    names = list(path)
    while names and model is not None:
        field = fields(model).get(names.pop(0))
        if field is None:
            return ()
        model = section_of(field)
        if _is_by_index(field):
            if not names:
                return tuple(INDICES)
            if names.pop(0) not in INDICES:
                return ()
    return tuple(fields(model)) if model is not None else ()


def is_fraction(path: Iterable[str]) -> bool:
    """Tell whether the setting at a path of names is a fraction, as its description says.

    >>> is_fraction(("greeks", "risk_free_rate")), is_fraction(("interval",))
    (True, False)
    """
    *above, last = path
    model: type[BaseModel] | None = Settings
    for name in above:
        field = fields(model).get(name) if model is not None else None
        model = section_of(field) if field is not None else None
    field = fields(model).get(last) if model is not None else None
    return field is not None and "fraction" in str(field.description)


@cache
def paths() -> tuple[str, ...]:
    """Return the dotted paths of all keys and sections, with every index by its name."""
    return tuple(_paths_below(()))


def _paths_below(prefix: tuple[str, ...]) -> Iterator[str]:
    for name in allowed(prefix):
        yield ".".join((*prefix, name))
        yield from _paths_below((*prefix, name))


def nearest(path: tuple[str, ...]) -> tuple[str, ...]:
    """Return up to three right paths near a wrong one.

    Its last name is looked for at its own level first, then anywhere.
    """
    *above, last = path
    siblings = nearest_few(last, allowed(above), SUGGESTIONS)
    if siblings:
        return tuple(".".join((*above, name)) for name in siblings)
    namesakes = [candidate for candidate in paths() if candidate.rpartition(".")[2] == last]
    if namesakes:
        return tuple(namesakes[:SUGGESTIONS])
    return nearest_few(".".join(path), paths(), SUGGESTIONS)


def nearest_variable(name: str) -> tuple[str, ...]:
    """Return up to three environment variables near a wrong one."""
    variables = [variable(path) for path in paths() if not allowed(path.split("."))]
    variables += [*ALIASES, "G6_CONFIG", "G6_INSTANCE"]
    return nearest_few(name, variables, SUGGESTIONS)
