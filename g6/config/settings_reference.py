"""The model in other forms: JSON Schema, the settings page, lines of keys, `g6 init`."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Literal, get_args, get_origin

from g6.config.identity import Nested
from g6.config.keys import ALIASES, Key, keys
from g6.config.sections import IndexParams
from g6.config.settings_model import SIX, Settings
from g6.errors import BadConfig

_BOUNDS = {"ge": "≥", "gt": ">", "le": "≤", "lt": "<"}
_TYPE_WORDS = {
    "bool": "true or false",
    "int": "whole number",
    "float": "number",
    "str": "text",
    "Path": "path",
    "SecretStr": "secret",
    "datetime": "instant",
}


def json_schema() -> Nested:
    """Return the JSON Schema of a configuration file."""
    schema = Settings.model_json_schema(by_alias=True)
    schema["properties"]["$schema"] = {
        "type": "string",
        "description": "where this schema is, for editors",
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **schema,
        "title": "G6 configuration",
    }


def kind(key: Key) -> str:
    """Return the values that a key takes, in words: its type, choices and bounds."""
    words = [_type_words(key.field.annotation)]
    for mark in key.field.metadata:
        for name, sign in _BOUNDS.items():
            value = getattr(mark, name, None)
            if value is not None:
                words.append(f"{sign} {value}")
    return ", ".join(words)


def _type_words(annotation: object) -> str:
    origin = get_origin(annotation)
    arguments = get_args(annotation)
    if origin is Literal:
        return ", ".join(str(choice) for choice in arguments)
    if annotation is type(None):
        return "none"
    if hasattr(annotation, "__metadata__"):
        return _type_words(arguments[0] if arguments else origin)
    if origin is tuple:
        return "list"
    if arguments:
        return " or ".join(_type_words(argument) for argument in arguments)
    return _TYPE_WORDS[getattr(annotation, "__name__", "")]


def default(key: Key) -> str:
    """Return a key's default as a file would have it."""
    return "none" if key.default is None else json.dumps(key.default)


def listing(name: str | None = None) -> str:
    """Return two lines for each key below `name`: path, default and kind, and the meaning.

    Raises:
        BadConfig: There is no section or key of this name.
    """
    listed = keys()
    if name is not None:
        listed = tuple(key for key in listed if key.path == name or key.path.startswith(f"{name}."))
    if not listed:
        sections = ", ".join(dict.fromkeys(key.path.partition(".")[0] for key in keys()))
        raise BadConfig(f"{name} is no section", f"one of {sections}")
    lines = []
    for key in listed:
        lines.append(f"{key.path} = {default(key)}   ({kind(key)})")
        lines.append(f"    {key.field.description}")
    return "\n".join(lines)


def settings_page() -> str:
    """Return the reference of all settings, in Markdown."""
    parts = [_PREFACE]
    for section, members in _by_section(keys()).items():
        parts.append(f"\n## {section or 'Top level'}\n")
        if section:
            parts.append(f"{Settings.model_fields[section].description}\n")
        parts.append("| key | takes | default | environment | meaning |\n|---|---|---|---|---|")
        parts += [_row(key) for key in members]
    parts += [
        "\n## Other variables\n",
        "| variable | means |\n|---|---|",
        "| `G6_CONFIG` | the configuration file; empty: none |",
        "| `G6_SECRETS_DIR` | a directory of files, named as variables, that hold their values |",
        "| `G6_INSTANCE` | the name of one of several beats of a host: `2` signs as `beat-2` |",
    ]
    parts += [f"| `{name}` | `{path}` |" for name, path in ALIASES.items()]
    return "\n".join(parts) + "\n"


def _row(key: Key) -> str:
    cells = (
        f"`{key.path}`",
        kind(key),
        f"`{default(key)}`",
        f"`{key.variable}`",
        str(key.field.description),
    )
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


_PREFACE = """# Settings

Precedence: command line (`--set greeks.enabled=false` sets any key), environment, secrets, `.env`,
file, defaults. The file is `--config`, else `G6_CONFIG`, else `config/g6_config.json` in the
working directory where there is one. `.env` holds variables as `NAME=value` lines. It is read
beside that file, else in the working directory, by `g6` and by `celery -A g6` alike; secrets may
stand there. Better, each is a file of the directory that `G6_SECRETS_DIR` names, as Docker,
Kubernetes and systemd hand them out. `g6 config show --origin` says where each value came from, and
shows no secret. Times are seconds unless the key says otherwise. `<INDEX>` is the name of an index,
such as NIFTY."""


def _by_section(all_keys: Iterable[Key]) -> dict[str, list[Key]]:
    sections: dict[str, list[Key]] = {}
    for key in all_keys:
        section, dot, _ = key.path.partition(".")
        sections.setdefault(section if dot else "", []).append(key)
    return sections


def scaffold() -> Nested:
    """Return the configuration that `g6 init` writes: the keys people change first, at defaults."""
    defaults = Settings().model_dump(mode="json", by_alias=True)
    greeks = ("enabled", "estimate_iv", "risk_free_rate")
    index_params = IndexParams().model_dump(mode="json", exclude={"strike_step"})
    return {
        "$schema": "schema_v2.json",
        "interval": defaults["interval"],
        "data_dir": defaults["data_dir"],
        "provider": {"name": defaults["provider"]["name"]},
        "index_params": dict.fromkeys(SIX, index_params),
        "greeks": {name: defaults["greeks"][name] for name in greeks},
        "storage": {"csv": {"enabled": True}, "parquet": {"enabled": True}},
    }


_ENVIRONMENT_PREFACE = (
    "# Environment of G6: copy this to .env, and remove the # before a line that you want.\n"
    "# g6 and celery -A g6 read .env beside the configuration file, else in this directory.\n"
    "# A variable of the environment wins over .env, and .env wins over the configuration file."
)


def example_environment() -> str:
    """Return `.env.example`: every variable, at its default, behind a comment sign."""
    lines = [_ENVIRONMENT_PREFACE, "#G6_CONFIG=config/g6_config.json"]
    for key in keys():
        variable = key.variable.replace("<INDEX>", "NIFTY")
        lines += ["", f"# {key.field.description}", f"#{variable}={_environment_value(key)}"]
    return "\n".join(lines) + "\n"


def _environment_value(key: Key) -> str:
    if key.default is None:
        return ""
    return key.default if isinstance(key.default, str) else json.dumps(key.default)
