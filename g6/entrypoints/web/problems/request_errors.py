"""What a person reads of a request whose parameters or body cannot be read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from fastapi import Request

__all__ = ["RequestError", "RequestFault", "error_of"]

SENTENCES: Mapping[str, tuple[str, str]] = {
    "missing": ("{name} is missing", "{example}"),
    "int_parsing": ("{name} {value!r} is no whole number", "{example}"),
    "int_from_float": ("{name} {value!r} is no whole number", "{example}"),
    "float_parsing": ("{name} {value!r} is no number", "{example}"),
    "bool_parsing": ("{name} {value!r} is neither true nor false", "write true or false"),
    "string_type": ("{name} {value!r} is no text", "{example}"),
    "greater_than_equal": ("{name} {value} is too small", "write {ge} or more"),
    "less_than_equal": ("{name} {value} is too large", "write {le} or less"),
    "literal_error": ("there is no {name} {value!r}", "choose among {expected}"),
    "extra_forbidden": ("{name} is no field of the body", "{example}"),
    "json_invalid": ("the body is no JSON object", "{example}"),
    "model_attributes_type": ("the body is no JSON object", "{example}"),
}
"""By pydantic's name of the error: what is wrong, and what mends it."""
BODY = 'send the header Content-Type: application/json and a body such as {"action": "pause"}'


@dataclass(frozen=True, slots=True)
class RequestError:
    """Why a request cannot be read.

    Attributes:
        sentence: What is wrong.
        fix: What mends it.
        address: The request as it would be answered, empty where that is not known.
    """

    sentence: str
    fix: str
    address: str


@dataclass(frozen=True, slots=True)
class RequestFault:
    """One error as pydantic has it.

    Attributes:
        kind: Its name.
        source: `query`, `path` or `body`.
        name: Of the value, `body` for the whole.
        value: What was sent, cut.
        message: Pydantic's own sentence.
        limits: Bounds and choices by name.
    """

    kind: str
    source: str
    name: str
    value: str
    message: str
    limits: dict[str, str]

    @classmethod
    def parse(cls, error: Any) -> RequestFault:
        """Read one error of pydantic's."""
        limits = {name: str(value).replace("'", "") for name, value in error.get("ctx", {}).items()}
        source, name = str(error["loc"][0]), str(error["loc"][-1])
        return cls(error["type"], source, name, str(error["input"])[:64], error["msg"], limits)


def error_of(request: Request, faults: Iterable[RequestFault]) -> RequestError:
    """Return why a request cannot be read, of all that is wrong with it."""
    examples = _examples(request)
    sentences: dict[str, str] = {}
    wrong: list[str] = []
    for fault in faults:
        sentence, fix = _in_words(fault, examples)
        sentences[sentence] = fix
        wrong.append(fault.name)
    fixes = dict.fromkeys(fix for fix in sentences.values() if fix)
    address = _address(request, wrong, examples) if request.method == "GET" else ""
    return RequestError("; ".join(sentences), "; ".join(fixes), address)


def _in_words(fault: RequestFault, examples: Mapping[str, str]) -> tuple[str, str]:
    """Return what is wrong with one value, and what mends it."""
    name = fault.name
    example = f"write {name}={examples[name]}" if name in examples else ""
    facts = {
        "name": {"suffix": "form", "body": "the body"}.get(name, name),
        "value": fault.value,
        "message": fault.message,
        "example": BODY if fault.source == "body" else example,
        **fault.limits,
    }
    facts["expected"] = facts.get("expected", "").replace(" or ", ", ")
    sentence, fix = SENTENCES.get(fault.kind, ("{name}: {message}", "{example}"))
    return sentence.format_map(facts), fix.format_map(facts)


def _examples(request: Request) -> dict[str, str]:
    """Return a value that can be read of each parameter that the address may name."""
    dependant = getattr(request.scope.get("route"), "dependant", None)
    examples: dict[str, str] = {}
    for parameter in getattr(dependant, "query_params", ()):
        written = parameter.field_info.examples
        if written:
            examples[parameter.name] = str(written[0])
    return examples


def _address(request: Request, wrong: Sequence[str], examples: Mapping[str, str]) -> str:
    """Return the address of a request with an example in place of each value that is wrong."""
    values = {
        name: text
        for name, text in request.query_params.items()
        if name in examples and name not in wrong
    }
    values |= {name: examples[name] for name in wrong if name in examples}
    path = request.url.path
    if "suffix" in wrong:
        path = path.rpartition(".")[0]
    return f"{path}?{urlencode(values)}" if values else path
