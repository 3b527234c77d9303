"""Wrong settings in words: path, value, where it stands, what is allowed and the nearest right key."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from g6.config.keys import allowed, nearest, nearest_variable
from g6.errors import BadConfig
from g6.masking import MASK, hides, mask_setting, resembles_a_secret

RETIRED = {
    "indices": "say index_params.<INDEX>.enabled for each index",
    "overlays": "overlays are drawn from the store; there is nothing to configure",
    "loop_max_cycles": "say g6 run --cycles N",
    "use_mock_provider": "say provider.name = sim",
    "disable_pretty_cycle": "say log.format = json",
    "force_ascii": "say console.ascii = always",
    "force_unicode": "say console.ascii = never",
    "panels_validate": "say panels.validate",
    "panels_legacy_compat": "panels have one format",
    "token_headless": "say g6 login, once a day",
}
"""Names of the system before this one, and what to say instead."""


def explain(error: ValidationError, origin: Callable[[str], str]) -> BadConfig:
    """Turn pydantic's findings into sentences; `origin` tells where the value at a dotted path came from."""
    sentences: dict[str, str] = {}
    fixes: dict[str, None] = {}
    for each in error.errors(include_url=False):
        what, wanted, fix = _sentence(each, origin)
        sentences[what] = (
            f"{sentences[what]} or {wanted.removeprefix('should ')}"
            if what in sentences
            else wanted
        )
        fixes[fix] = None
    return BadConfig(
        "\n".join(f"{what} {wanted}" for what, wanted in sentences.items()), "; ".join(fixes)
    )


def _sentence(error: ErrorDetails, origin: Callable[[str], str]) -> tuple[str, str, str]:
    """Return what stands there, what it should be, and the fix; alternatives of a union are two findings about one thing."""
    names = tuple(
        str(each)
        for each in error["loc"]
        if not str(each).startswith(("constrained-", "literal", "float", "function-"))
    )
    if error["type"] == "extra_forbidden":
        return unknown(names, error["input"], origin(".".join(names)))
    if (
        error["type"] == "value_error"
        and names == ("index_params",)
        and isinstance(error["input"], Mapping)
    ):
        wrong = next(name for name in error["input"] if name not in allowed(("index_params",)))
        return unknown((*names, wrong), error["input"][wrong], origin(f"index_params.{wrong}"))
    path = ".".join(names)
    wanted = error["msg"].removeprefix("Value error, ").removeprefix("Input ")
    if error["type"] in {"model_type", "dict_type"}:
        wanted = f"should be an object with {', '.join(allowed(names))}"
    return (
        f"{path} = {shown(error['input'], names[-1])} ({origin(path)})",
        wanted,
        f"g6 config schema {names[0]} says what it takes",
    )


def unknown(names: tuple[str, ...], value: Any, origin: str) -> tuple[str, str, str]:
    """Return what stands there, that it is no setting, and the fix."""
    *above, last = names
    level = ".".join(above) or "the top level"
    takes = (
        f"{level} takes {', '.join(allowed(above))}"
        if allowed(above)
        else f"{level} holds no section"
    )
    return (
        f"{'.'.join(names)} = {_quoted(value, last)} ({origin})",
        f"is no setting; {takes}",
        hint(last, nearest(names)),
    )


def unknown_variable(name: str, value: str) -> tuple[str, str]:
    """Return the sentence about an environment variable that sets nothing, and its fix."""
    return f"{name}={_quoted(value, name)} (environment) sets nothing", hint(
        name.removeprefix("G6_").lower(), nearest_variable(name)
    )


def hint(name: str, near: tuple[str, ...]) -> str:
    """Return what to do about an unknown name."""
    if name in RETIRED:
        return f"{name} is gone: {RETIRED[name]}"
    return f"did you mean {' or '.join(near)}?" if near else "g6 config schema lists every key"


def shown(value: Any, name: str = "", width: int = 60) -> str:
    """Return the value of setting `name` as people may see it: without secrets, shortened."""
    text = MASK if hides(name, value) else repr(mask_setting(value))
    return text if len(text) <= width else text[: width - 1] + "…"


def _quoted(value: Any, name: str) -> str:
    """Return the value of an unknown name; of one that may be a secret's, misspelt, nothing is quoted back."""
    return MASK if resembles_a_secret(name) else shown(value)
