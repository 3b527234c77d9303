"""The loader: command line over environment over secrets over `.env` over file over defaults.

It is the only reader of the environment.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_settings import EnvSettingsSource
from pydantic_settings.sources.utils import parse_env_vars

from g6.config.dotenv_file import dotenv_variables, find_dotenv
from g6.config.explain import explain, shown, unknown_variable
from g6.config.identity import changed, flat, revealed, values
from g6.config.keys import ALIASES, allowed, variable
from g6.config.nesting import leaf_paths, nested, overlay
from g6.config.retired import RetiredSetting, retired_names
from g6.config.settings_model import Settings
from g6.errors import BadConfig
from g6.errors.masking import MASK

DEFAULT_FILE = Path("config/g6_config.json")
CONFIG_VARIABLE = "G6_CONFIG"
SECRETS_VARIABLE = "G6_SECRETS_DIR"
"""Names a directory of files, each named as the variable whose value it holds.

Docker, Kubernetes and systemd hand out secrets in this way.
"""
INSTANCE_VARIABLE = "G6_INSTANCE"
"""Names one of several processes of a kind on one host, as systemd numbers a unit's instances.

It is no setting: processes that differ in it have one configuration.
"""
_INSTANCE = re.compile(r"[A-Za-z0-9_.]{0,32}")
_COLOURS = {"0": "never", "1": "always", "auto": "auto"}


@dataclass(frozen=True, slots=True)
class _Layer:
    """Nested values of one source.

    Attributes:
        source: Where they came from, in words.
        values: The nested values.
        origins: The words for single paths, where they differ from `source`.
    """

    source: str
    values: Mapping[str, object] = field(default_factory=dict)
    origins: Mapping[str, str] = field(default_factory=dict)


def load(
    config_path: Path | str | None = None,
    overrides: Mapping[str, object] | None = None,
    environ: Mapping[str, str] | None = None,
) -> Settings:
    """Return the settings in force.

    Args:
        config_path: Wins over `G6_CONFIG` (empty: no file, and no `.env`), which wins over
            `config/g6_config.json` in the working directory. That file may be absent. Empty also
            means that no directory of secrets is read.
        overrides: The command line's: dotted path to value, None where it is not given.
        environ: The environment, None for the process's own.

    Raises:
        BadConfig: A file cannot be read, or a setting is unknown or cannot have its value.
    """
    environ = os.environ if environ is None else environ
    options = {path: value for path, value in (overrides or {}).items() if value is not None}
    named = config_path if config_path is not None else environ.get(CONFIG_VARIABLE)
    dotenv = find_dotenv(named)
    variables = dotenv_variables(dotenv) if dotenv else {}
    if named is None:
        named = variables.get(CONFIG_VARIABLE)
    secrets = environ.get(SECRETS_VARIABLE, "") if named != "" else ""
    layers = (
        _file_layer(named),
        _variables_layer(variables, str(dotenv)),
        _variables_layer(_secret_files(secrets), secrets, are_secret=True),
        _variables_layer(environ),
        _Layer("command line", nested(options)),
    )
    origins: dict[str, str] = {}
    merged: dict[str, object] = {}
    for layer in layers:
        for path in leaf_paths(layer.values):
            origins[path] = layer.origins.get(path, layer.source)
        merged = overlay(merged, layer.values)
    return build(merged, origins)


def build(nested_values: Mapping[str, Any], origins: Mapping[str, str] | None = None) -> Settings:
    """Return settings from nested values alone, reading nothing.

    Raises:
        BadConfig: A value is wrong, or a name is none of a setting.
    """
    origin_of = dict(origins or {})

    def origin(path: str) -> str:
        if path in origin_of:
            return origin_of[path]
        for other, source in origin_of.items():
            if path.startswith(other + ".") or other.startswith(path + "."):
                return source
        return "given"

    try:
        settings = Settings(**nested_values)
    except ValidationError as error:
        explained = explain(error, origin)
        if names := retired_names(dict.fromkeys(leaf_paths(nested_values))):
            raise RetiredSetting(explained, names, nested_values) from error
        raise explained from error
    return settings.with_origins(origin_of)


def instance_name(environ: Mapping[str, str] | None = None) -> str:
    """Return what tells this process from others of its kind on its host, empty for nothing.

    Raises:
        BadConfig: The name is none that a metric's label and a key could hold.

    >>> instance_name({"G6_INSTANCE": "2"})
    '2'
    """
    environ = os.environ if environ is None else environ
    name = environ.get(INSTANCE_VARIABLE, "")
    if not _INSTANCE.fullmatch(name):
        raise BadConfig(
            f"{INSTANCE_VARIABLE}={shown(name)} is no name: letters, digits, _ and ., 32 at most",
            f"{INSTANCE_VARIABLE}=1, or unset it where there is one process of a kind",
        )
    return name


def environment(settings: Settings) -> dict[str, str]:
    """Return the variables that give a child process these settings.

    They hold whatever files the child's working directory has.
    """
    current = flat(values(settings)) | revealed(settings)
    variables = {CONFIG_VARIABLE: ""}
    for path in dict.fromkeys([*settings.origins, *changed(settings)]):
        if path in current:
            variables[variable(path)] = _as_variable(current[path])
    return variables


def _as_variable(value: object) -> str:
    # An empty variable hides the parent's and means the default.
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value)


def _file_layer(named: Path | str | None) -> _Layer:
    """Return the values of the configuration file.

    Raises:
        BadConfig: It cannot be read, or is no JSON.
    """
    if named == "" or (named is None and not DEFAULT_FILE.is_file()):
        return _Layer("no file")
    path = Path(named or DEFAULT_FILE)
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BadConfig(
            f"{path} cannot be read: {error.strerror}", "g6 init writes a configuration"
        ) from error
    except (ValueError, RecursionError) as error:
        raise BadConfig(
            f"{path} is not JSON: {error}", "mend that line, or g6 init --yes for a fresh one"
        ) from error
    if not isinstance(content, dict):
        raise BadConfig(
            f"{path} holds {type(content).__name__}, not an object of settings",
            "g6 init writes a configuration",
        )
    content.pop("$schema", None)
    return _Layer(str(path), content)


def secrets_of(path: Path) -> dict[str, str]:
    """Return the `NAME=value` lines of a secrets file, without quotes and `export`.

    Raises:
        BadConfig: The file cannot be read.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise BadConfig(
            f"the secrets file {path} cannot be read",
            "write KITE_API_KEY=… and KITE_API_SECRET=… into it",
        ) from error
    secrets = {}
    for line in lines:
        name, sign, value = line.strip().removeprefix("export ").partition("=")
        if sign and not name.startswith("#"):
            secrets[name.strip()] = value.strip().strip("'\"")
    return secrets


def _secret_files(directory: str) -> dict[str, str]:
    """Return the content of a directory's files that are named as variables, by name.

    Others may lie beside them, such as a certificate that an address names.

    Raises:
        BadConfig: The directory or a file cannot be read. No content is quoted.
    """
    variables: dict[str, str] = {}
    if not directory:
        return variables
    try:
        for path in sorted(Path(directory).iterdir()):
            if path.name.startswith("G6_") or path.name in ALIASES:
                variables[path.name] = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no text"
        raise BadConfig(
            f"the secrets in {directory} cannot be read: {reason}",
            f"give this user the right to read them, or unset {SECRETS_VARIABLE}",
        ) from error
    return variables


class _Environment(EnvSettingsSource):
    """The reading of variables by pydantic-settings, over a mapping that is passed in."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        super().__init__(Settings)

    def _load_env_vars(self) -> Mapping[str, str | None]:
        return parse_env_vars(
            self._environ, self.case_sensitive, self.env_ignore_empty, self.env_parse_none_str
        )


def _variables_layer(
    environ: Mapping[str, str], file: str = "", *, are_secret: bool = False
) -> _Layer:
    """Return the values of the environment, or of a file or directory of variables.

    Raises:
        BadConfig: A G6_ variable sets nothing.
    """
    ours = {name: value for name, value in environ.items() if name.startswith("G6_")}
    ours.pop(CONFIG_VARIABLE, None)
    ours.pop(SECRETS_VARIABLE, None)
    ours.pop(INSTANCE_VARIABLE, None)
    variables = {name: value for name, value in ours.items() if value}
    alias_of: dict[str, str] = {}
    for alias, path in ALIASES.items():
        value = environ.get(alias, "")
        variables.pop(alias, None)
        if value:
            variables.setdefault(variable(path), _alias_value(alias, value))
            alias_of.setdefault(path, alias)
    named = dict.fromkeys(variables, MASK) if are_secret else variables
    _refuse_unknown(named, file or "environment")
    env_values = _Environment(variables)()
    if "index_params" in env_values:
        params = env_values["index_params"]
        env_values["index_params"] = {index.upper(): params[index] for index in params}
    place = f" in {file}" if file else ""
    origins = {
        path: f"env {alias_of.get(path, variable(path))}{place}" for path in leaf_paths(env_values)
    }
    return _Layer("env", env_values, origins)


def _refuse_unknown(variables: Mapping[str, str], place: str) -> None:
    wrong = [
        unknown_variable(name, value, place)
        for name, value in variables.items()
        if not _sets_a_key(name)
    ]
    if wrong:
        raise BadConfig(
            "\n".join(sentence for sentence, _ in wrong), "; ".join(fix for _, fix in wrong)
        )


def _alias_value(alias: str, value: str) -> str:
    """Return the value that a variable under another name means for its key."""
    if alias == "NO_COLOR":
        return "never"
    return _COLOURS.get(value, value) if alias == "G6_COLOR" else value


def _sets_a_key(name: str) -> bool:
    names = name.removeprefix("G6_").lower().split("__")
    if names[0] == "index_params" and len(names) > 1:
        names[1] = names[1].upper()
    return names[-1] in allowed(names[:-1])
