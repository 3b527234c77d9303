"""Wrong settings in words: path, value, origin, what is allowed, and the nearest right key."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from g6.config.keys import allowed, is_fraction, nearest, nearest_variable, variable
from g6.config.retired import retired_setting
from g6.domain.market.instrument import INDICES
from g6.errors import BadConfig
from g6.errors.masking import MASK, hides, mask_setting, resembles_a_secret

SHOWN_CHARACTERS = 60
"""Characters of a value that an error quotes."""
RANDOM_TEXT = "python3 -c 'import secrets; print(secrets.token_urlsafe(24))'"
"""A command that writes 32 random characters."""
INNER_MARKS = ("constrained-", "literal", "float", "function-")
"""Beginnings of the parts that pydantic puts into a path for the alternatives of a union."""


class WrongSetting(NamedTuple):
    """One wrong setting: what is written, what it should be, and the fix."""

    written: str
    expected: str
    fix: str


def explain(error: ValidationError, origin: Callable[[str], str]) -> BadConfig:
    """Return pydantic's findings as one error in sentences.

    Args:
        error: What pydantic found.
        origin: Returns where the value at a dotted path came from.
    """
    # The alternatives of a union are several findings about one value: they become one sentence.
    expectations: dict[str, str] = {}
    fixes: dict[str, None] = {}
    for details in error.errors(include_url=False):
        finding = _finding(details, origin)
        if finding.written in expectations:
            expectations[finding.written] += f" or {finding.expected.removeprefix('should ')}"
        else:
            expectations[finding.written] = finding.expected
        fixes[finding.fix] = None
    sentences = [f"{written} {expected}" for written, expected in expectations.items()]
    # A question ends with its own mark: `did you mean A?; g6 …` had two.
    return BadConfig("\n".join(sentences), "; ".join(fixes).replace("?; ", "? "))


def _finding(details: ErrorDetails, origin: Callable[[str], str]) -> WrongSetting:
    names = _names(details["loc"])
    value = details["input"]
    if details["type"] == "extra_forbidden":
        return unknown(names, value, origin(".".join(names)))
    is_wrong_index = details["type"] == "value_error" and names == ("index_params",)
    if is_wrong_index and isinstance(value, Mapping):
        index = next(name for name in value if name not in INDICES)
        return unknown((*names, index), value[index], origin(f"index_params.{index}"))
    path = ".".join(names)
    expected = details["msg"].removeprefix("Value error, ").removeprefix("Input ")
    if details["type"] in {"model_type", "dict_type"}:
        expected = f"should be an object with {', '.join(allowed(names))}"
    expected += _of_percent(names, details)
    fix = f"g6 config schema {names[0]} says what it takes"
    if details["type"] == "too_short" and hides(names[-1], value):
        expected = f"needs at least {details['ctx']['min_length']} characters"
        fix = f"export {variable(path)}=$({RANDOM_TEXT})"
    return WrongSetting(f"{path} = {shown(value, names[-1])} ({origin(path)})", expected, fix)


def _of_percent(names: tuple[str, ...], details: ErrorDetails) -> str:
    """Return what to say of a fraction that was written in percent, "" for anything else."""
    if details["type"] not in {"less_than_equal", "less_than"} or not is_fraction(names):
        return ""
    percent = float(details["input"])
    most = float(details["ctx"]["le" if "le" in details["ctx"] else "lt"])
    if percent / 100 > most:
        return ""
    return f"; it is a fraction: {percent:g} % is {percent / 100:g}"


def _names(location: Iterable[str | int]) -> tuple[str, ...]:
    """Return the parts of a setting's path, without the marks of a union's alternatives."""
    names = [str(part) for part in location]
    return tuple(name for name in names if not name.startswith(INNER_MARKS))


def unknown(names: tuple[str, ...], value: object, origin: str) -> WrongSetting:
    """Return the finding about a path that is no setting."""
    *above, last = names
    level = ".".join(above) or "the top level"
    keys = allowed(above)
    takes = f"takes {', '.join(keys)}" if keys else "holds no section"
    return WrongSetting(
        f"{'.'.join(names)} = {_quoted(value, last)} ({origin})",
        f"is no setting; {level} {takes}",
        hint(last, nearest(names) or nearest(_written_path(names, value))),
    )


def _written_path(names: tuple[str, ...], value: object) -> tuple[str, ...]:
    """Return a path down to the name that was written, where a section of it is unknown.

    >>> _written_path(("kite",), {"api_key": "…"})
    ('kite', 'api_key')
    """
    while isinstance(value, Mapping) and len(value) == 1:
        ((name, value),) = value.items()
        names = (*names, str(name))
    return names


def unknown_variable(name: str, value: str, place: str = "environment") -> tuple[str, str]:
    """Return the sentence about a variable that sets nothing, and its fix."""
    sentence = f"{name}={_quoted(value, name)} ({place}) sets nothing"
    return sentence, hint(name.removeprefix("G6_").lower(), nearest_variable(name))


def hint(name: str, near: tuple[str, ...]) -> str:
    """Return what to do about an unknown name."""
    if record := retired_setting(name):
        return f"{name} is gone since {record.since}: {record.instead}"
    words = " or ".join(filter(None, (", ".join(near[:-1]), *near[-1:])))
    return f"did you mean {words}?" if near else "g6 config schema lists every key"


def shown(value: object, name: str = "", width: int = SHOWN_CHARACTERS) -> str:
    """Return the value of setting `name` as people may see it: without secrets, shortened."""
    text = MASK if hides(name, value) else repr(mask_setting(value))
    return text if len(text) <= width else text[: width - 1] + "…"


def _quoted(value: object, name: str) -> str:
    # The value of a misspelt secret must not be quoted back: KITE_API_SECRT=… prints stars.
    return MASK if resembles_a_secret(name) else shown(value)
