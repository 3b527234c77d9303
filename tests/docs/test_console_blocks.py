"""What the documentation shows at a prompt is what happens.

A block fenced as `console` is run line by line: `$ ` begins a command, `> ` goes on with it, everything else is what it writes,
on either stream. A line `...` stands for any lines, `…` or `...` inside a line for any text; a command under which nothing is
shown must succeed. Commands run in one directory per page, with `g6` on PATH and the project's `config` in it. Blocks fenced as
`text` are not run.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.e2e.warm_commands import warm

ROOT = Path(__file__).resolve().parents[2]
OF_SECONDS = {
    f"docs/how-to/{name}.md" for name in ("analyse", "controls", "history", "read-rows", "watch")
}
"""Pages with cycles of a second.

A stage may take 0.6 s of such a cycle, and takes longer on a busy machine. Their market goes at a
fifth of its pace here, which no line of theirs shows.
"""
AFTER_DEMO = ("README.md", "docs/tutorial.md")
"""Pages for people in whose checkout `make demo` has run once."""
BLOCK = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)


class Step(NamedTuple):
    """A command of a page and the lines it should write."""

    line: int
    command: str
    expected: list[str]


def steps(text: str) -> Iterator[Step]:
    """Yield the commands of a page in order."""
    for block in BLOCK.finditer(text):
        first = text.count("\n", 0, block.start()) + 2
        step: Step | None = None
        for number, line in enumerate(block[1].splitlines(), first):
            if line.startswith("$ "):
                if step:
                    yield step
                step = Step(number, line[2:], [])
            elif step and line.startswith("> ") and not step.expected:
                step = step._replace(command=f"{step.command}\n{line[2:]}")
            elif step:
                step.expected.append(line)
        if step:
            yield step


def fits(written: str, expected: list[str]) -> bool:
    """Tell whether a command wrote what is shown; nothing shown fits anything."""
    if not expected:
        return True
    parts = [r"(?:.*\n)*?" if line.strip() in {"...", "…"} else _line(line) for line in expected]
    return (
        re.fullmatch("".join(parts), "".join(f"{line.rstrip()}\n" for line in written.splitlines()))
        is not None
    )


def _line(line: str) -> str:
    return ".*".join(re.escape(part) for part in re.split(r"\.\.\.|…", line.rstrip())) + "\n"


def environment(home: Path) -> dict[str, str]:
    """Return an environment in which `g6` and `python` are this checkout's and nothing is configured."""
    programs = home / ".programs"
    programs.mkdir()
    programs.joinpath("g6").symlink_to(warm().program)
    scripts = {"celery": "-m celery", "python": ""}
    for name, arguments in scripts.items():
        (programs / name).write_text(
            f'#!/bin/sh\nPYTHONPATH="{ROOT}" exec "{sys.executable}" {arguments} "$@"\n'
        )
        (programs / name).chmod(0o755)
    kept = {name: os.environ[name] for name in ("HOME", "TMPDIR", "LANG") if name in os.environ}
    return kept | {
        "PATH": f"{programs}:{os.environ['PATH']}",
        "COLUMNS": "100",
        "LC_ALL": "C.UTF-8",
    }


PAGES = [
    page
    for page in sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md")])
    if BLOCK.search(page.read_text(encoding="utf-8"))
]


@pytest.mark.timeout(600)
@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_a_page_shows_what_happens(page: Path, tmp_path: Path) -> None:
    shutil.copytree(ROOT / "config", tmp_path / "config")
    environ = environment(tmp_path)
    if str(page.relative_to(ROOT)) in OF_SECONDS:
        environ["G6_MARKET__SPEED"] = "0.2"
    if str(page.relative_to(ROOT)) in AFTER_DEMO:
        subprocess.run(
            ["g6", "demo"], cwd=tmp_path, env=environ, timeout=240, check=True, capture_output=True
        )
    for step in steps(page.read_text(encoding="utf-8")):
        done = subprocess.run(
            ["bash", "-c", step.command],
            cwd=tmp_path,
            env=environ,
            timeout=240,
            check=False,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        where = f"{page.relative_to(ROOT)}:{step.line}: $ {step.command}"
        assert done.returncode == 0 or step.expected, (
            f"{where}\nexit {done.returncode}\n{done.stdout}"
        )
        assert fits(done.stdout, step.expected), f"{where}\nwrote\n{done.stdout}"


@pytest.mark.parametrize(
    ("written", "shown", "whether"),
    [
        ("a\nb\n", ["a", "b"], True),
        ("a\nb\n", ["a"], False),
        ("a\nx\ny\nb\n", ["a", "...", "b"], True),
        ("a 12.3 ms\n", ["a … ms"], True),
        ("a\n", ["b"], False),
        ("a  \n", ["a"], True),
    ],
)
def test_dots_stand_for_what_may_differ(written: str, shown: list[str], whether: bool) -> None:
    assert fits(written, shown) is whether


def test_commands_and_what_they_write_are_told_apart() -> None:
    page = "```console\n$ echo a \\\n> b\na b\n$ true\n```\n```text\n$ not run\n```\n"
    assert list(steps(page)) == [Step(2, "echo a \\\nb", ["a b"]), Step(5, "true", [])]
