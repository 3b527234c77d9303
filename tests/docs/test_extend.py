"""Each diff of docs/how-to/extend.md is applied to a copy of the tree, and what it adds is there."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "how-to" / "extend.md"
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
FIGURE = """
from g6.domain.figures.contracts.definitions import as_page
print([line for line in as_page().splitlines() if "term_structure.step" in line])
"""
ALERT = """
from g6.domain.reports.alerts import RULES, queue_alert
print([rule.id for rule in RULES if rule.id == "queue_long"], queue_alert("collect", 9), queue_alert("collect", 2000).sentence)
"""
COMMAND = f"""
from g6.entrypoints.cli import main
main(["indices", "--data-dir", {str(ROOT / "tests" / "data" / "store")!r}])
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
        ("A figure", FIGURE, ["| per root year | positive: later expiries dearer |"]),
        ("An alert", ALERT, ["['queue_long'] None 2000 messages wait in the queue collect"]),
        ("A command", COMMAND, ["index", "MIDCPNIFTY", "NIFTY"]),
    ],
    ids=["job", "source", "figure", "alert", "command"],
)
def test_what_a_diff_of_the_page_adds_is_there(
    tree: Path, section: str, script: str, answers: list[str]
) -> None:
    apply(diff_of(section), tree)
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=tree, capture_output=True, text=True, check=False
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
