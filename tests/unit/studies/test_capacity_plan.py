"""`g6 plan`: the sentences, the table and the refusal."""

from __future__ import annotations

import json

import pytest

import g6
from g6.entrypoints.cli import main
from g6.errors import UserError


def test_it_tells_pools_memory_commands_disk_and_what_is_used_up_first(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["plan", "--indices", "60", "--interval", "5"]) == 0
    shown = capsys.readouterr().out
    for word in ("60 indices", "analytics", "memory:", "commands a cycle", "MB of CSV"):
        assert word in shown.replace("GB of CSV", "MB of CSV")
    assert "used up first: " in shown
    assert "make bench-scale" in shown


def test_json_has_the_same_figures_as_python(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plan", "--indices", "24", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    asked = g6.ask.plan(indices=24)
    assert told["needs"]["hosts"] == asked.needs.hosts
    assert told["needs"]["commands"] == pytest.approx(asked.needs.commands, rel=1e-3)
    assert told["origin"]["command"] == "make bench-scale"


def test_an_interval_without_a_grid_is_refused() -> None:
    with pytest.raises(UserError, match="divide a day"):
        g6.ask.plan(interval=7)
