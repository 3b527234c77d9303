"""Where settings come from: command line over environment over file over defaults. The only reader of the environment."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_settings import EnvSettingsSource
from pydantic_settings.sources.utils import parse_env_vars

from g6.config.explain import explain, unknown_variable
from g6.config.identity import changed, flat, revealed, values
from g6.config.keys import ALIASES, allowed, variable
from g6.config.settings_model import Settings
from g6.errors import BadConfig

DEFAULT_FILE = Path("config/g6_config.json")
CONFIG_VARIABLE = "G6_CONFIG"
_COLOURS = {"0": "never", "1": "always", "auto": "auto"}


def load(
    config_path: Path | str | None = None,
    overrides: Mapping[str, Any] | None = None,
    environ: Mapping[str, str] | None = None,
) -> Settings:
    """Return the settings in force.

    `config_path` wins over `G6_CONFIG` (empty: no file), that over `config/g6_config.json` in the working directory, which may
    be absent. `overrides` are the command line's: dotted path → value, None meaning not given. Errors: BadConfig.
    """
    environ = os.environ if environ is None else environ
    origins: dict[str, str] = {}
    merged: dict[str, Any] = {}
    for source, given, variables in (
        _from_file(config_path, environ),
        _from_environment(environ),
        (
            "command line",
            nested({path: value for path, value in (overrides or {}).items() if value is not None}),
            {},
        ),
    ):
        for path in _leaves(given, ()):
            origins[path] = (
                f"env {variables.get(path, variable(path))}" if source == "env" else source
            )
        merged = _over(merged, given)
    return build(merged, origins)


def build(given: Mapping[str, Any], origins: Mapping[str, str] | None = None) -> Settings:
    """Return settings from nested values alone, reading nothing. Errors: BadConfig."""
    known = dict(origins or {})

    def origin(path: str) -> str:
        near = (
            each for each in known if path.startswith(each + ".") or each.startswith(path + ".")
        )
        return known.get(path) or known.get(next(near, ""), "given")

    try:
        settings = Settings(**given)
    except ValidationError as error:
        raise explain(error, origin) from error
    return settings.with_origins(known)


def environment(settings: Settings) -> dict[str, str]:
    """Return the variables that give a child process these settings, whatever its working directory has in its files."""
    now = flat(values(settings)) | revealed(settings)
    told = dict.fromkeys([*settings.origins, *changed(settings)])
    found = {variable(path): now[path] for path in told if path in now}
    return {CONFIG_VARIABLE: ""} | {name: _written(value) for name, value in found.items()}


def _written(value: Any) -> str:
    """Write a value as a variable holds it; nothing is an empty variable, which hides a parent's and means the default."""
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value)


def _from_file(
    config_path: Path | str | None, environ: Mapping[str, str]
) -> tuple[str, dict[str, Any], dict[str, str]]:
    named = config_path if config_path is not None else environ.get(CONFIG_VARIABLE)
    if named == "" or (named is None and not DEFAULT_FILE.is_file()):
        return "no file", {}, {}
    path = Path(named or DEFAULT_FILE)
    try:
        given = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BadConfig(
            f"{path} cannot be read: {error.strerror}", "g6 init writes a configuration"
        ) from error
    except (ValueError, RecursionError) as error:
        raise BadConfig(
            f"{path} is not JSON: {error}", "mend that line, or g6 init --yes for a fresh one"
        ) from error
    if not isinstance(given, dict):
        raise BadConfig(
            f"{path} holds {type(given).__name__}, not an object of settings",
            "g6 init writes a configuration",
        )
    given.pop("$schema", None)
    return str(path), given, {}


def secrets_of(path: Path) -> dict[str, str]:
    """Return the `NAME=value` lines of a secrets file, quotes and `export` taken off. Errors: BadConfig."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise BadConfig(
            f"the secrets file {path} cannot be read",
            "write KITE_API_KEY=… and KITE_API_SECRET=… into it",
        ) from error
    pairs = (
        line.removeprefix("export ").partition("=")
        for line in map(str.strip, lines)
        if line and not line.startswith("#")
    )
    return {name.strip(): value.strip().strip("'\"") for name, sign, value in pairs if sign}


class _Environment(EnvSettingsSource):
    """pydantic-settings' reading of variables, over a mapping that is handed in."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        super().__init__(Settings)

    def _load_env_vars(self) -> Mapping[str, str | None]:
        return parse_env_vars(
            self._environ, self.case_sensitive, self.env_ignore_empty, self.env_parse_none_str
        )


def _from_environment(environ: Mapping[str, str]) -> tuple[str, dict[str, Any], dict[str, str]]:
    """Return values and, for paths set under another name, that name. Errors: BadConfig for a G6_ variable that sets nothing."""
    ours = {
        name: value
        for name, value in environ.items()
        if name.startswith("G6_") and name != CONFIG_VARIABLE and value
    }
    renamed: dict[str, str] = {}
    for name, path in ALIASES.items():
        value = environ.get(name)
        ours.pop(name, None)
        if value:
            ours.setdefault(variable(path), _colour(name, value))
            renamed.setdefault(path, name)
    wrong = [unknown_variable(name, value) for name, value in ours.items() if not _exists(name)]
    if wrong:
        raise BadConfig(
            "\n".join(sentence for sentence, _ in wrong), "; ".join(fix for _, fix in wrong)
        )
    given = _Environment(ours)()
    if "index_params" in given:
        given["index_params"] = {
            name.upper(): params for name, params in given["index_params"].items()
        }
    return "env", given, renamed


def _colour(name: str, value: str) -> str:
    if name == "NO_COLOR":
        return "never"
    return _COLOURS.get(value, value) if name == "G6_COLOR" else value


def _exists(name: str) -> bool:
    parts = name.removeprefix("G6_").lower().split("__")
    names = [
        part.upper() if at == 1 and parts[0] == "index_params" else part
        for at, part in enumerate(parts)
    ]
    return names[-1] in allowed(names[:-1])


def nested(paths: Mapping[str, Any]) -> dict[str, Any]:
    """Return dotted paths as nested mappings."""
    result: dict[str, Any] = {}
    for path, value in paths.items():
        *above, last = path.split(".")
        level = result
        for name in above:
            level = level.setdefault(name, {})
        level[last] = value
    return result


def _leaves(given: Mapping[str, Any], above: tuple[str, ...]) -> Iterator[str]:
    for name, value in given.items():
        if isinstance(value, Mapping) and value:
            yield from _leaves(value, (*above, name))
        else:
            yield ".".join((*above, name))


def _over(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Lay one nested mapping over another."""
    merged = dict(below)
    for name, value in above.items():
        under = merged.get(name)
        merged[name] = (
            _over(under, value)
            if isinstance(under, Mapping) and isinstance(value, Mapping)
            else value
        )
    return merged
