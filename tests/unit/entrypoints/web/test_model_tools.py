"""The studies as tools of a model, asked by the package's own client."""

from __future__ import annotations

import asyncio
import json
import re
import sys
from pathlib import Path
from typing import Any

import pytest
from mcp import Client, StdioServerParameters

from g6.entrypoints.web.study_answers import offered
from g6.entrypoints.web.study_tools import tool_server
from tests.worlds.stored_cycles import STORED_CYCLES, store_two_cycles
from tests.worlds.web.asked_over_http import answers_of, client_of

OPTION = re.compile(r"(?<![\w-])--[a-z]")
PAGE = Path(__file__).parents[4] / "docs" / "how-to" / "ask-over-http.md"


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path: Path = tmp_path_factory.mktemp("tools")
    store_two_cycles(path)
    return path


def asked(directory: Path, name: str, **arguments: Any) -> Any:
    async def ask() -> Any:
        async with Client(tool_server(answers_of(directory), "1")) as client:
            return await client.call_tool(name, arguments)

    return asyncio.run(ask())


def test_the_tools_are_the_studies_and_only_read(directory: Path) -> None:
    async def listed() -> Any:
        async with Client(tool_server(answers_of(directory), "1")) as client:
            return (await client.list_tools()).tools

    tools = {tool.name: tool for tool in asyncio.run(listed())}
    assert set(tools) == {study.name for study in offered()}
    assert all(tool.annotations.read_only_hint for tool in tools.values())
    chain = tools["chain"].input_schema
    assert chain["required"] == ["index"]
    assert {"index", "expiry", "at"} <= set(chain["properties"])
    assert tools["interest"].input_schema["properties"]["cycles"]["minimum"] == 1


def test_no_tool_and_no_refusal_of_one_names_an_option(directory: Path) -> None:
    async def listed() -> Any:
        async with Client(tool_server(answers_of(directory), "1")) as client:
            return (await client.list_tools()).tools

    for tool in asyncio.run(listed()):
        told = f"{tool.description} {json.dumps(tool.input_schema)}"
        assert not OPTION.findall(told), told
        assert "exit code" not in told
    refused = asked(directory, "pruning_plan", at="11:02").content[0].text
    assert "before=DAY" in refused


def test_a_tool_answers_what_the_route_answers(directory: Path) -> None:
    result = asked(directory, "chain", index="FINNIFTY", at="2026-11-18T11:02")
    assert not result.is_error
    document = json.loads(result.content[0].text)
    assert document["instant"] == STORED_CYCLES[0]
    route = client_of(directory).get("/v1/chain?index=FINNIFTY&at=2026-11-18T11:02").json()
    route.pop("answered_at")
    assert document == route


@pytest.mark.parametrize(
    ("name", "arguments", "words"),
    [
        ("chain", {}, "index"),
        ("chain", {"index": "NIFTI"}, "NIFTI"),
        ("chain", {"index": "FINNIFTY", "strikes": 3}, "no parameter strikes"),
        ("interest", {"index": "FINNIFTY", "cycles": "many"}, "cycles"),
        ("inspect", {"snapshot": "/etc/rows.parquet"}, "names a file"),
        ("control", {}, "no tool control"),
        ("check", {}, "no tool check: it spends the provider's requests"),
        ("sizes", {"at": "11:02"}, "sizes takes no at: files are measured"),
        ("verify", {"cycles": 101}, "write 100 or less"),
    ],
)
def test_a_wrong_question_is_told_and_no_crash(
    directory: Path, name: str, arguments: dict[str, Any], words: str
) -> None:
    result = asked(directory, name, **arguments)
    assert result.is_error
    assert words in result.content[0].text


@pytest.mark.timeout(300)
def test_the_command_answers_over_standard_input_and_output(directory: Path) -> None:
    # What the page shows to be copied, with this directory in place of its own.
    (block,) = re.findall(r"```json\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    own = json.loads(block)["mcpServers"]["g6"]
    assert own["command"] == "g6"
    words = [str(directory) if word == "data" else word for word in own["args"]]
    command = ["-m", "g6.entrypoints.cli", *words]
    server = StdioServerParameters(command=sys.executable, args=command)

    async def ask() -> Any:
        async with Client(server) as client:
            return await client.call_tool("catalogue", {})

    result = asyncio.run(ask())
    (day,) = json.loads(result.content[0].text)["data"]
    assert (day["index"], day["cycles"]) == ("FINNIFTY", 2)
