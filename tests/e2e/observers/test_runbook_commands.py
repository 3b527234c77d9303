"""The commands of runbooks and of the alerts' fixes run, on a system that works."""

from __future__ import annotations

import re
import shlex
import subprocess
from pathlib import Path

import pytest

from g6.observability.catalogue.alerts import ALERTING_RULES
from tests.e2e.running import BIN, ROOT, World

BOOKS = ROOT / "docs/runbooks"
FENCED = re.compile(r"^```text\n(.*?)^```$", re.MULTILINE | re.DOTALL)
INLINE = re.compile(r"`(g6 [^`\n]+)`")
ENDLESS = (
    "g6 up",
    "g6 serve",
    "g6 ticker",
    "g6 events",
    "g6 login",
    "g6 rerun",
    "g6 live",
    "g6 check kite",
)
"""They go on until they are ended, or need what a simulated system has not: a login, a lost cycle.

`make pager` runs `g6 login` against its fault.
"""


def commands(page: Path) -> list[str]:
    """Return the commands of g6 that a page shows after its heading Diagnosis."""
    text = page.read_text("utf-8").partition("## Diagnosis")[2]
    found: list[str] = []
    for block in FENCED.findall(text):
        lines = [line for line in block.splitlines() if line.startswith("g6 ")]
        found += [re.split(r"\s{2,}", line)[0] for line in lines]
    found += INLINE.findall(text)
    return [command for command in found if not command.startswith(ENDLESS)]


def fixes(fix: str) -> list[str]:
    """Return the commands of g6 in an alert's fix."""
    clauses = [re.split(r" shows | if ", clause)[0].strip() for clause in fix.split(";")]
    return [
        clause for clause in clauses if clause.startswith("g6 ") and not clause.startswith(ENDLESS)
    ]


def filled(command: str, cycle: str) -> list[str]:
    """Return the words of a command, its placeholders filled in."""
    places = {
        "{{ $labels.index }}": "NIFTY",
        "INDEX": "NIFTY",
        "CYCLE": cycle,
        "FIRST": cycle,
        "LAST": cycle,
    }
    for place, value in places.items():
        command = command.replace(place, value)
    return shlex.split(command)[1:]


def shown() -> list[str]:
    """Return the commands of all alerts, those that differ in a placeholder's name once."""
    found: dict[tuple[str, ...], str] = {}
    for rule in ALERTING_RULES:
        for command in (*commands(BOOKS / rule.runbook), *fixes(rule.fix)):
            found.setdefault(tuple(filled(command, "CYCLE")), command)
    return sorted(found.values())


ALL = shown()


@pytest.mark.timeout(240)
@pytest.mark.parametrize("command", ALL)
def test_a_command_of_a_runbook_runs(live: World, command: str) -> None:
    # The directory is in the environment: not every command has an option for it.
    done = subprocess.run(
        [str(BIN / "g6"), *filled(command, live.cycles()[-1])],
        cwd=live.elsewhere,
        env=dict(live.environment),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_alerts_page_has_commands() -> None:
    pages = {rule.runbook for rule in ALERTING_RULES if rule.id != "Watchdog"}
    bare = [
        page
        for page in sorted(pages)
        if not re.search(r"^g6 ", (BOOKS / page).read_text("utf-8"), re.MULTILINE)
    ]
    assert bare == []
