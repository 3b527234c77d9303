"""`g6 metrics docs` says what /metrics has, before the first event."""

from __future__ import annotations

import json

import pytest

from g6.entrypoints.cli import main
from g6.observability import exposition, glossary
from g6.observability.catalogue import FAMILIES


def test_the_families_are_those_of_metrics(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["metrics", "docs", "--json"]) == 0
    told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    text = exposition.render({}, now=0.0, build={}).decode()
    served = [line.split(" ", 3)[2:] for line in text.splitlines() if line.startswith("# HELP ")]
    assert sorted([one["name"], one["help"]] for one in told) == sorted(served)


def test_the_page_is_the_shipped_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["metrics", "docs"]) == 0
    page = capsys.readouterr().out
    assert page == glossary.render()
    assert all(f"| `{name}` |" in page for name in FAMILIES)
