"""The file of rules: TOML that a person may write by hand, with what `g6 alert add` appends."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from math import inf, nan
from pathlib import Path

from g6 import files
from g6.domain.alarms import SHIPPED, AlarmRule, parse_quiet, parse_seconds, rule_of_text
from g6.domain.schema.nearest import no_such
from g6.errors import BadConfig, UserError
from g6.files import quoted

__all__ = ["read_rules", "remove_rule", "write_rule"]

_KEYS = ("name", "when", "hysteresis", "cool_down", "per_hour", "quiet")
_HEAD = ("quiet", "cool_down", "per_hour", "rule")
_DEFAULTS = ("quiet", "cool_down", "per_hour")
MOST_PER_HOUR = 3_600
"""One message a second of one rule is no message any more."""
_TABLE = re.compile(r"\s*\[")
_RULE = re.compile(r"\s*\[\[\s*rule\s*\]\]")
_FIRST_LINES = "# Rules of g6 alert. docs/how-to/alerts.md says what a line may say.\n"


def read_rules(path: Path) -> tuple[AlarmRule, ...]:
    """Return the rules that are in force: those of the file, and those that ship with G6.

    Args:
        path: The file. It may be absent.

    Raises:
        BadConfig: It is no TOML, or a rule of it says what there is not.
    """
    own = [_rule(path, entry) for entry in _entries(path)]
    names = [rule.name for rule in own]
    if repeated := sorted({name for name in names if names.count(name) > 1}):
        raise BadConfig(f"{path} has two rules {repeated[0]!r}", "give one of them another name")
    return (*(rule for rule in SHIPPED if rule.name not in names), *own)


def write_rule(path: Path, rule: Mapping[str, str | float]) -> AlarmRule:
    """Append a rule to the file, whose other lines stay as they are, and return it.

    Raises:
        UserError: There is a rule of this name, or the condition is none.
        StoreBusy: The disk refuses it.
    """
    added = _rule(path, rule)
    names = {str(entry.get("name", "")) for entry in _entries(path)}
    if added.name in names:
        raise UserError(
            f"{path} has a rule {added.name!r} already", "give another --name, or edit that file"
        )
    lines = [f"{key} = {_toml(value)}" for key, value in rule.items() if key in _KEYS]
    with files.refusals(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        before = path.read_text("utf-8") if path.is_file() else _FIRST_LINES
        block = "\n".join(["", "[[rule]]", *lines, ""])
        files.replace(path, f"{before.rstrip()}\n{block}".encode())
    return added


def remove_rule(path: Path, name: str) -> None:
    """Take a rule out of the file, whose other lines stay as they are.

    Raises:
        UserError: There is no such rule, or the file is not written so that it can be taken out.
        BadConfig: The file is no TOML.
        StoreBusy: The disk refuses it.
    """
    entries = [dict(entry) for entry in _entries(path)]
    names = [str(entry.get("name", "") or entry.get("when", "")) for entry in entries]
    if name not in names:
        if name in [rule.name for rule in SHIPPED]:
            raise UserError(
                f"rule {name!r} ships with G6 and is in no file",
                f"g6 alert mute {quoted(name)} --for 30d lets it say nothing",
            )
        raise no_such("rule", name, names)
    place = names.index(name)
    with files.refusals(path):
        lines = path.read_text("utf-8").splitlines(keepends=True)
        begins = [number for number, line in enumerate(lines) if _TABLE.match(line)]
        rules = [number for number in begins if _RULE.match(lines[number])]
        if len(rules) != len(entries):
            raise UserError(f"{path} writes its rules in another way", "take it out by hand")
        begin = rules[place]
        end = next((number for number in begins if number > begin), len(lines))
        files.replace(path, "".join([*lines[:begin], *lines[end:]]).rstrip().encode() + b"\n")


def _toml(value: str | float) -> str:
    """Return a text or a number as TOML: JSON's, but for pairs of escapes and the delete sign."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _entries(path: Path) -> Sequence[Mapping[str, str | float]]:
    """Return the rules of a file as TOML has them, each with the defaults of the file's head."""
    if not path.is_file():
        return ()
    try:
        document = tomllib.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise BadConfig(f"{path} cannot be read: {error}", "mend that line of the file") from error
    _check_keys(path, document, _HEAD)
    rules = document.get("rule", [])
    if not isinstance(rules, list) or not all(isinstance(rule, dict) for rule in rules):
        raise BadConfig(f"{path}: rule is no list of tables", "begin each rule with [[rule]]")
    defaults = {key: document[key] for key in _DEFAULTS if key in document}
    return [defaults | rule for rule in rules]


def _check_keys(path: Path, keys: Iterable[str], allowed: Sequence[str]) -> None:
    for key in keys:
        if key not in allowed:
            raise BadConfig(f"{path}: {no_such('key', key, allowed)}")


def _rule(path: Path, entry: Mapping[str, str | float]) -> AlarmRule:
    """Return the rule that a table says."""
    _check_keys(path, entry, _KEYS)
    when = str(entry.get("when", "")).strip()
    name = str(entry.get("name", "") or when)
    try:
        rule = rule_of_text(name, when)
        return replace(
            rule,
            quiet=parse_quiet(str(entry.get("quiet", ""))),
            cool_down=parse_seconds(str(entry.get("cool_down", f"{rule.cool_down:g}s"))),
            hysteresis=_amount(entry.get("hysteresis", rule.hysteresis)),
            per_hour=_count(entry.get("per_hour", rule.per_hour)),
        )
    except (UserError, ValueError) as error:
        fix = error.fix if isinstance(error, UserError) else "mend that value"
        reason = error.sentence if isinstance(error, UserError) else str(error)
        raise BadConfig(f"{path}: rule {name!r}: {reason}", fix) from error


def _amount(value: str | float) -> float:
    amount = nan
    with suppress(ValueError):
        amount = float(str(value))
    if not 0 <= amount < inf:
        raise ValueError(f"hysteresis {value} is no number of 0 or more")
    return amount


def _count(value: str | float) -> int:
    count = str(value)
    # 2.5 messages, and the true of a file, are no counts.
    if not count.isdecimal() or not 1 <= int(count) <= MOST_PER_HOUR:
        raise ValueError(f"per_hour {value} is no whole number from 1 to {MOST_PER_HOUR}")
    return int(count)
