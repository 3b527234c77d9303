"""The studies as tools of a model: a server of the Model Context Protocol that only reads."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import anyio
import mcp_types as types
from mcp.server.lowlevel import Server
from mcp.server.stdio import stdio_server

from g6.entrypoints.web.problems import told_elsewhere
from g6.entrypoints.web.study_answers import StudyAnswers, offered, offered_fields
from g6.errors import G6Error
from g6.rendering.answers.option_words import of_request
from g6.studies.parameters import Field
from g6.studies.study_limits import NOT_FROM_ELSEWHERE, refuse_instant
from g6.studies.table import Study, by_name

__all__ = ["run_tools", "tool_server"]

NUMBERS: Mapping[object, str] = {int: "integer", float: "number", bool: "boolean"}
"""The words of JSON Schema for the types that a parameter takes as they are."""
INSTRUCTIONS = (
    "Option chains of Indian indices as G6 has stored them. Every tool answers from stored rows, "
    "and says of which instant. `at` asks the past: 11:02, yesterday 15:20, 2026-11-18 11:02. "
    "`catalogue` tells what is stored."
)


def tool_server(answers: StudyAnswers, version: str) -> Server[Any]:
    """Return the server.

    Args:
        answers: Asks the studies.
        version: Of G6.
    """

    async def list_tools(_: object, __: object) -> types.ListToolsResult:
        return types.ListToolsResult(tools=[_tool(study) for study in offered()])

    async def call_tool(_: object, call: types.CallToolRequestParams) -> types.CallToolResult:
        return await anyio.to_thread.run_sync(
            partial(_answered, answers, call.name, call.arguments or {})
        )

    return Server(
        "g6",
        version=version,
        instructions=INSTRUCTIONS,
        on_list_tools=list_tools,
        on_call_tool=call_tool,
    )


def run_tools(answers: StudyAnswers, version: str) -> None:
    """Answer over standard input and output until the input ends."""
    server = tool_server(answers, version)

    async def run() -> None:
        async with stdio_server() as (reading, writing):
            await server.run(reading, writing, server.create_initialization_options())

    anyio.run(run)


def _told(error: G6Error) -> str:
    """Return an error as a model is told it, without the places of this machine."""
    sentence, fix = told_elsewhere(error)
    return f"{sentence}\n  fix: {fix}" if fix else sentence


def _answered(
    answers: StudyAnswers, name: str, arguments: Mapping[str, object]
) -> types.CallToolResult:
    """Return the answer of a study, or what is wrong with the question."""
    names = [study.name for study in offered()]
    if name not in names:
        why = NOT_FROM_ELSEWHERE.get(name, "")
        reason = f": {why}" if why else ""
        there = f"there is no tool {name}{reason}; there are {', '.join(names)}"
        return _text(there, is_error=True)
    study = by_name(name)
    offers = offered_fields(study)
    fields = [field.name for field in offers]
    words = of_request(study, offers)
    try:
        refuse_instant(name, arguments)
    except G6Error as error:
        return _text(words(_told(error)), is_error=True)
    unknown = sorted(set(arguments) - set(fields))
    if unknown:
        there = ", ".join(fields) or "none"
        return _text(f"{name} has no parameter {unknown[0]}; there are {there}", is_error=True)
    lacking = [field.name for field in offers if field.is_required and field.name not in arguments]
    if lacking:
        return _text(f"{name} needs the parameter {lacking[0]}", is_error=True)
    try:
        answer = answers.ask(study, arguments)
    except G6Error as error:
        return _text(words(_told(error)), is_error=True)
    return _text(answer.identity().decode(), is_error=False)


def _text(text: str, *, is_error: bool) -> types.CallToolResult:
    return types.CallToolResult(content=[types.TextContent(text=text)], is_error=is_error)


def _tool(study: Study) -> types.Tool:
    fields = offered_fields(study)
    return types.Tool(
        name=study.name,
        title=study.sentence,
        description=of_request(study, fields).description(
            f"{study.sentence} {study.details}".strip()
        ),
        input_schema={
            "type": "object",
            "properties": {field.name: _property(field) for field in fields},
            "required": [field.name for field in fields if field.is_required],
            "additionalProperties": False,
        },
        annotations=types.ToolAnnotations(
            read_only_hint=True, destructive_hint=False, idempotent_hint=True, open_world_hint=False
        ),
    )


def _property(field: Field) -> dict[str, object]:
    """Return the schema of one parameter."""
    parameter = field.parameter
    is_text = parameter.read is not None or parameter.read_at is not None
    kind = "string" if is_text else NUMBERS.get(field.type, "string")
    schema: dict[str, object] = {"type": kind, "description": parameter.sentence}
    if parameter.example and kind == "string":
        schema["examples"] = [parameter.example]
    if parameter.choices:
        schema["enum"] = list(parameter.choices)
    if kind in {"integer", "number"}:
        bounds = {"minimum": parameter.least, "maximum": parameter.most}
        schema |= {name: bound for name, bound in bounds.items() if bound is not None}
    return schema
