"""Runs lines of a page in a shell in which a program that is not here is answered by the test."""

from __future__ import annotations

import os
import re
import signal
import subprocess
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from tests.integration.deploy.deployed import ROOT

BASH = re.compile(r"^```bash\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def blocks(page: str) -> list[str]:
    """Return the lines for a shell that a page has, one text for each block."""
    return BASH.findall((ROOT / "docs/how-to" / page).read_text("utf-8"))


def noted(block: str, base: Path, *programs: str) -> list[str]:
    """Run lines in the checkout with programs that only note what they are told, and return that.

    Programs are names, or paths from the directory `bin` of the base. What one is told to apply is
    in `applied.yaml`.
    """
    for name in programs:
        _program(base, name, f'echo "{name} $*" >> {base}/calls\n{APPLIED.format(base=base)}')
    done = subprocess.run(
        ["bash", "-u", "-o", "pipefail", "-c", block],
        cwd=ROOT, env={"PATH": f"{base}/bin:/usr/bin:/bin"},
        capture_output=True, text=True, timeout=90, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return (base / "calls").read_text("utf-8").splitlines()


APPLIED = 'case "$*" in *apply*) cat > {base}/applied.yaml ;; esac'


def answered(block: str, base: Path, program: str, answer: Callable[[list[str]], int]) -> list[str]:
    """Run lines in which a program waits for the test's answer, its exit code.

    Returns:
        What the program was told, one line for each time.
    """
    requests, answers = base / "requests", base / "answers"
    for fifo in (requests, answers):
        os.mkfifo(fifo)
    _program(base, program, f'echo "$*" > {requests}\nread code < {answers}\nexit "$code"')
    told: list[str] = []
    shell = subprocess.Popen(
        ["bash", "-u", "-c", f"{block}\n{program} the-end"],
        cwd=ROOT / "deploy",
        env={"PATH": f"{base}/bin:/usr/bin:/bin"},
        start_new_session=True,
    )
    try:
        while (words := requests.read_text("utf-8").split()) != ["the-end"]:
            told.append(" ".join(words))
            answers.write_text(f"{answer(words)}\n", "ascii")
        answers.write_text("0\n", "ascii")
        shell.wait(90)
    finally:
        # What waits for an answer that does not come would wait for ever.
        with suppress(ProcessLookupError):
            os.killpg(shell.pid, signal.SIGKILL)
        shell.wait(90)
    return told


def _program(base: Path, name: str, script: str) -> None:
    path = base / "bin" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n", "utf-8")
    path.chmod(0o755)
