"""The model, told: JSON Schema, the settings page, one line per key, and the files that `g6 init` writes."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, Literal, get_args, get_origin

from g6.config.keys import ALIASES, Key, keys
from g6.config.sections import IndexParams
from g6.config.settings_model import SIX, Settings
from g6.errors import BadConfig

_BOUNDS = {"ge": "≥", "gt": ">", "le": "≤", "lt": "<"}


def json_schema() -> dict[str, Any]:
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
    """Return what a key takes, in words: its type, choices and bounds."""
    words = _type(key.field.annotation)
    bounds = [
        f"{sign} {value}"
        for mark in key.field.metadata
        for name, sign in _BOUNDS.items()
        if (value := getattr(mark, name, None)) is not None
    ]
    return ", ".join([words, *bounds])


def _type(annotation: Any) -> str:
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Literal:
        return ", ".join(str(each) for each in arguments)
    if annotation is type(None):
        return "none"
    if hasattr(annotation, "__metadata__"):
        return _type(origin if not arguments else arguments[0])
    if origin is tuple:
        return "list"
    if arguments:
        return " or ".join(_type(each) for each in arguments)
    return {
        "bool": "true or false",
        "int": "whole number",
        "float": "number",
        "str": "text",
        "Path": "path",
        "SecretStr": "secret",
        "datetime": "instant",
    }[annotation.__name__]


def default(key: Key) -> str:
    """Return a key's default as a file would have it."""
    return "none" if key.default is None else json.dumps(key.default)


def listing(name: str | None = None) -> str:
    """Return a line of path, kind and default, and one of meaning, for each key below `name`. Errors: BadConfig."""
    chosen = [
        key for key in keys() if name is None or key.path == name or key.path.startswith(f"{name}.")
    ]
    if not chosen:
        sections = ", ".join(dict.fromkeys(key.path.partition(".")[0] for key in keys()))
        raise BadConfig(f"{name} is no section", f"one of {sections}")
    return "\n".join(
        f"{key.path} = {default(key)}   ({kind(key)})\n    {key.field.description}"
        for key in chosen
    )


def settings_page() -> str:
    """Return the reference of all settings, in Markdown."""
    parts = [_PREFACE]
    for section, members in _by_section(keys()).items():
        parts.append(f"\n## {section or 'Top level'}\n")
        if section:
            parts.append(f"{Settings.model_fields[section].description}\n")
        parts.append("| key | takes | default | environment | meaning |\n|---|---|---|---|---|")
        for key in members:
            cells = [
                f"`{key.path}`",
                kind(key),
                f"`{default(key)}`",
                f"`{key.variable}`",
                str(key.field.description),
            ]
            parts.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    others = [
        "\n## Other variables\n",
        "| variable | means |\n|---|---|",
        "| `G6_CONFIG` | the configuration file; empty: none |",
    ]
    others += [f"| `{name}` | `{path}` |" for name, path in ALIASES.items()]
    return "\n".join([*parts, *others]) + "\n"


_PREFACE = """# Settings

Precedence: command line (`--set greeks.enabled=false` sets any key), environment, file, defaults. The file is `--config`, else
`G6_CONFIG`, else `config/g6_config.json` in the working directory where there is one. `g6 config show --origin` says where each
value came from. Times are seconds unless the key says otherwise. `<INDEX>` is the name of an index, such as NIFTY."""


def _by_section(all_keys: Iterable[Key]) -> dict[str, list[Key]]:
    found: dict[str, list[Key]] = {}
    for key in all_keys:
        section, dot, _ = key.path.partition(".")
        found.setdefault(section if dot else "", []).append(key)
    return found


def scaffold() -> dict[str, Any]:
    """Return the configuration that `g6 init` writes and the project ships: the keys people change first, at their defaults."""
    chosen = Settings().model_dump(mode="json", by_alias=True)
    plain = IndexParams().model_dump(mode="json", exclude={"strike_step"})
    return {
        "$schema": "schema_v2.json",
        "interval": chosen["interval"],
        "data_dir": chosen["data_dir"],
        "provider": {"name": chosen["provider"]["name"]},
        "index_params": dict.fromkeys(SIX, plain),
        "greeks": {
            name: chosen["greeks"][name] for name in ("enabled", "estimate_iv", "risk_free_rate")
        },
        "storage": {"csv": {"enabled": True}, "parquet": {"enabled": True}},
    }


def example_environment() -> str:
    """Return `.env.example`: every variable, at its default, behind a comment sign."""
    lines = [
        "# Environment of G6: take the sign away before a line you want. The environment wins over the file.",
        "#G6_CONFIG=config/g6_config.json",
    ]
    for key in keys():
        variable = key.variable.replace("<INDEX>", "NIFTY")
        value = (
            key.default
            if isinstance(key.default, str)
            else ""
            if key.default is None
            else json.dumps(key.default)
        )
        lines += ["", f"# {key.field.description}", f"#{variable}={value}"]
    return "\n".join(lines) + "\n"
