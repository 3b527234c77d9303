"""Each diff of docs/how-to/extend.md is applied to a copy of the tree, and what it adds is there."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "how-to" / "extend.md"
STORE = str(ROOT / "tests" / "data" / "store")
JOB = """
from g6.config import load
from g6.entrypoints.workers.app import create_app
from g6.entrypoints.workers.schedule import beat_schedule
app = create_app(load("", {"interval": 60}, {}), "redis://127.0.0.1:1/0")
print("g6.resume" in app.tasks, app.conf.task_routes["g6.resume"], app.conf.task_annotations["g6.resume"])
"""
SOURCE = """
from g6.bootstrap.quote_sources.sources import provider
from g6.bootstrap.wiring import wire_without_redis
from g6.config import load
from g6.entrypoints.cli import main
settings = load("", {"provider.name": "calm", "market.faults": "delay:100"}, {})
market = provider(wire_without_redis(settings))
print(settings.kind, market.underlying("NIFTY", settings.market.start).spot > 0)
main(["providers"])
"""
FIGURE = f"""
import g6
from g6.domain.figures.contracts.definitions import as_page
from g6.entrypoints.cli import main
print([line for line in as_page().splitlines() if "term_structure.last_step" in line])
print(g6.ask.dossier("NIFTY", data_dir={STORE!r}).term["last_step"] is not None)
main(["dossier", "NIFTY", "--data-dir", {STORE!r}])
"""
ALERT = """
from dataclasses import replace
from g6 import pipeline
from g6.adapters.memory.vitals import MemoryVitals
from g6.domain.reports import VitalSigns
from tests.worlds.pipeline import World
world = World()
vitals = MemoryVitals(VitalSigns(queues={"collect": 9, "persist": 1000}))
world.runtime = replace(world.runtime, vitals=vitals)
def beat(waiting):
    vitals.signs = VitalSigns(queues={"collect": 9, "persist": waiting})
    pipeline.heartbeat(world.runtime)
    world.later(2.0)
    shown = (world.panels.get("alerts") or {"data": {"alerts": []}})["data"]["alerts"]
    print(waiting, [alert["sentence"] for alert in world.reports("alert")], [entry["name"] for entry in shown])
for waiting in (1000, 2000, 2000, 3):
    beat(waiting)
"""
COMMAND = f"""
from g6.entrypoints.cli import main
main(["indices", "--data-dir", {STORE!r}])
"""


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A copy of the package."""
    shutil.copytree(
        ROOT / "g6", tmp_path / "g6", ignore=shutil.ignore_patterns("__pycache__", "*.pyc")
    )
    return tmp_path


@pytest.mark.parametrize(
    ("section", "script", "answers"),
    [
        ("A job", JOB, ["True {'queue': 'maintenance'} {'soft_time_limit': 36.0"]),
        ("A source", SOURCE, ["sim True", "calm    the simulated market of --seed"]),
        (
            "A figure",
            FIGURE,
            [
                "| fraction per √year | positive: the last expiry dearer |",
                "True",
                "term structure of ATM IV, %: last step ",
            ],
        ),
        (
            "An alert",
            ALERT,
            [
                "1000 [] []",
                "2000 ['2000 messages wait in the queue persist'] ['queue']",
                "3 ['2000 messages wait in the queue persist', 'over after 4 s: 2000 messages wait in the queue persist'] []",
            ],
        ),
        ("A command", COMMAND, ["index", "MIDCPNIFTY", "NIFTY"]),
    ],
    ids=["job", "source", "figure", "alert", "command"],
)
def test_what_a_diff_of_the_page_adds_is_there(
    tree: Path, section: str, script: str, answers: list[str]
) -> None:
    apply(diff_of(section), tree)
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=tree,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    for answer in answers:
        assert answer in done.stdout


def diff_of(section: str) -> str:
    """Return the diff below a heading of the page."""
    text = PAGE.read_text(encoding="utf-8").split(f"\n## {section}\n")[1]
    found = re.search(r"```diff\n(.*?)```", text, re.DOTALL)
    assert found is not None
    return found[1]


def apply(diff: str, tree: Path) -> None:
    """Apply a diff whose context says where its lines go; a hunk must fit in exactly one place."""
    for part in re.split(r"^--- .*\n\+\+\+ b/", diff, flags=re.MULTILINE)[1:]:
        name, _, body = part.partition("\n")
        path = tree / name
        for hunk in re.split(r"^@@.*\n", body, flags=re.MULTILINE)[1:]:
            lines = hunk.splitlines(keepends=True)
            before = "".join(line[1:] for line in lines if line[0] != "+")
            after = "".join(line[1:] for line in lines if line[0] != "-")
            text = path.read_text(encoding="utf-8") if path.exists() else ""
            assert text.count(before) == 1 or not text, f"{name}: this hunk has no one place"
            path.write_text(text.replace(before, after, 1) if text else after, encoding="utf-8")
