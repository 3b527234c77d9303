"""The help file, from the commands themselves: what `make docs` writes and help reads."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from typer.main import get_command

from g6.config import build
from g6.config.keys import keys
from g6.config.source_table import SHIPPED
from g6.domain.market.expiry import BIT
from g6.domain.market.instrument import INDICES
from g6.domain.schema import rows
from g6.domain.schema.json_types import JsonObject
from g6.domain.schema.layout import PRUNABLE
from g6.entrypoints.cli import application
from g6.ports.sources import Ability
from g6.studies.selection import EXPIRY_WORDS

__all__ = ["help_content", "help_text"]

EXAMPLE = "Example: "
NOTE = "Written by `make docs` from the commands."


def help_content() -> JsonObject:
    """Return the content of the help file: a page for each command, and words to complete."""
    pages = {words: _page(command) for words, command in _commands()}
    return {"pages": pages, "words": _words()}


def help_text(content: JsonObject) -> str:
    """Return the text of the help file, an entry on a line, so that two changes rarely meet."""
    lines = ["{", f'"$comment": {_written(NOTE)},', '"words": {']
    words = content["words"]
    lines += _members(words) if isinstance(words, dict) else []
    lines += ["},", '"pages": {']
    pages = content["pages"]
    texts: list[str] = []
    for name, page in pages.items() if isinstance(pages, dict) else ():
        texts.append("\n".join([f"{_written(name)}: {{", *_members(page), "}"]))
    return "\n".join([*lines, ",\n".join(texts), "}", "}", ""])


def _members(node: JsonObject) -> list[str]:
    """Return a line per member of an object, and per entry of a list of entries."""
    members: list[str] = []
    for name, value in node.items():
        if isinstance(value, list) and value and isinstance(value[0], dict):
            entries = ",\n".join(f"  {_written(entry)}" for entry in value)
            members.append(f" {_written(name)}: [\n{entries}\n ]")
        else:
            members.append(f" {_written(name)}: {_written(value)}")
    return [",\n".join(members)]


def _written(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def _words() -> JsonObject:
    """Return the words that values are made of, by their kind."""
    defaults = build({})
    sections = dict.fromkeys(key.path.split(".")[0] for key in keys())
    return {
        "indices": list(INDICES),
        "buckets": [*BIT, *EXPIRY_WORDS],
        "providers": [source.name for source in SHIPPED],
        "settings": [key.path for key in keys()],
        "sections": list(sections),
        "figures": [column.name for column in rows.OVERVIEW],
        "kinds": [str(kind) for kind in PRUNABLE],
        "directories": [str(defaults.data_dir), str(defaults.demo_dir)],
        "default_provider": [defaults.provider.name],
        "simulated": [source.name for source in SHIPPED if not source.is_live],
        "accounts": [source.name for source in SHIPPED if source.can(Ability.ACCOUNT)],
    }


def _commands() -> Iterator[tuple[str, Any]]:
    """Yield each command by its words after `g6`, a group before its commands."""
    pending = [("", get_command(application()))]
    while pending:
        words, command = pending.pop(0)
        if words:
            yield words, command
        below = getattr(command, "commands", {})
        pending[:0] = [(f"{words} {name}".strip(), member) for name, member in below.items()]


def _page(command: Any) -> JsonObject:
    sentence, *paragraphs = (command.help or "").strip().split("\n\n")
    texts = [" ".join(paragraph.split()) for paragraph in paragraphs]
    example = next((text for text in texts if text.startswith(EXAMPLE)), "")
    page: JsonObject = {"sentence": " ".join(sentence.split())}
    if details := [text for text in texts if text != example]:
        page["details"] = details
    if example:
        page["example"] = example.removeprefix(EXAMPLE)
    if hasattr(command, "commands"):
        return page
    arguments = [_entry(member) for member in command.params if not _is_option(member)]
    # A hidden one is taken only to be refused with its reason.
    options = [
        _entry(member)
        for member in command.params
        if _is_option(member) and not getattr(member, "hidden", False)
    ]
    if arguments:
        page["arguments"] = arguments
    page["options"] = [*options, {"names": ["--help"], "meaning": "Show this help and exit."}]
    return page


def _is_option(parameter: Any) -> bool:
    return bool(parameter.param_type_name == "option")


def _entry(parameter: Any) -> JsonObject:
    """Return an option or argument with its default and bounds in words."""
    entry: JsonObject = {}
    if _is_option(parameter):
        entry["names"] = sorted(parameter.opts, key=len)
    if not getattr(parameter, "is_flag", False):
        entry["metavar"] = parameter.metavar or parameter.name.upper()
    if parameter.nargs != 1 and not _is_option(parameter):
        entry["is_many"] = True
    entry["meaning"] = _meaning(parameter)
    return entry


def _meaning(parameter: Any) -> str:
    notes = [*_default(parameter), *_bounds(parameter)]
    sentence = " ".join((parameter.help or "").split())
    if not notes:
        return sentence
    return f"{sentence.removesuffix('.')} ({', '.join(notes)})."


def _default(parameter: Any) -> Iterator[str]:
    value = parameter.default
    if parameter.required:
        yield "required"
    elif _has_default(value) and not getattr(parameter, "is_flag", False):
        yield f"default {value:g}" if isinstance(value, float) else f"default {value}"


def _has_default(value: object) -> bool:
    if value is None or value == "" or isinstance(value, bool):
        return False
    return not (isinstance(value, Sequence | Mapping) and not value)


def _bounds(parameter: Any) -> Iterator[str]:
    least = getattr(parameter, "min", None)
    most = getattr(parameter, "max", None)
    if least is not None:
        yield f"at least {least:g}"
    if most is not None:
        yield f"at most {most:g}"
