"""`g6 metrics docs` says what /metrics has, before the first event."""

from __future__ import annotations

import json

import pytest
from prometheus_client.parser import text_string_to_metric_families

from g6.entrypoints.cli import main
from g6.observability import exposition, glossary
from g6.observability.catalogue import FAMILIES


def test_the_families_are_those_of_metrics(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["metrics", "docs", "--json"]) == 0
    told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    text = exposition.render({}, now=0.0, build={}).decode()
    served = {family.name: family for family in text_string_to_metric_families(text)}
    # The parser takes `_total` off a counter's name.
    assert {one["name"].removesuffix("_total") for one in told} == {
        name.removesuffix("_total") for name in served
    }
    assert {one["help"] for one in told} == {family.documentation for family in served.values()}


def test_the_page_is_the_shipped_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["metrics", "docs"]) == 0
    page = capsys.readouterr().out
    assert page == glossary.render()
    assert all(f"| `{name}` |" in page for name in FAMILIES)
