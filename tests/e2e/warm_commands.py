"""Commands of g6, each in a fork of one process that has imported what they need.

The doctor takes 2.3 s of processor time as a command of its own, nearly all of it for imports, and
a test of planted faults asks it many times. A fork is a process of its own too: it gets the
arguments, the environment and the directory of each question, and ends with the command's code.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from importlib import import_module
from pathlib import Path

from tests.e2e.running import ROOT, clean_environment

AT_IMPORT = ("g6.celery", "celeryconfig", "__main__")
"""Modules that read the environment when they are imported: each command imports its own."""


class WarmCommands:
    """The process that has everything imported, asked over a pipe."""

    def __init__(self, child: subprocess.Popen[str], directory: Path) -> None:
        self._child = child
        self._directory = directory

    def g6(
        self, arguments: Sequence[str], environment: Mapping[str, str], directory: Path
    ) -> subprocess.CompletedProcess[str]:
        """Run a command of g6 to its end."""
        output = self._directory / "stdout"
        errors = self._directory / "stderr"
        question = {
            "arguments": list(arguments),
            "environment": dict(environment),
            "directory": str(directory),
            "stdout": str(output),
            "stderr": str(errors),
            "modules": str(self._directory / "modules"),
        }
        assert self._child.stdin is not None
        assert self._child.stdout is not None
        self._child.stdin.write(json.dumps(question) + "\n")
        self._child.stdin.flush()
        code = int(self._child.stdout.readline())
        said = output.read_text("utf-8")
        return subprocess.CompletedProcess(arguments, code, said, errors.read_text("utf-8"))


@contextmanager
def warm_commands() -> Iterator[WarmCommands]:
    """Run the process until the block ends."""
    with tempfile.TemporaryDirectory() as directory:
        child = subprocess.Popen(
            [sys.executable, "-m", "tests.e2e.warm_commands"],
            cwd=ROOT,
            env=clean_environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            yield WarmCommands(child, Path(directory))
        finally:
            child.kill()
            child.communicate()


def _run(question: Mapping[str, str], arguments: Sequence[str], name: str) -> None:
    """Run one command in this process, which ends with it."""
    for descriptor, path in ((1, question["stdout"]), (2, question["stderr"])):
        opened = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(opened, descriptor)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.chdir(question["directory"])
    sys.argv = [name, *arguments]
    code = 0
    try:
        code = import_module("g6.entrypoints.cli").main() or 0
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        Path(question["modules"]).write_text("\n".join(sys.modules), "utf-8")
    os._exit(code)


def main() -> None:
    """Answer questions until there are no more: fork, run, say the exit code."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    for line in sys.stdin:
        question = json.loads(line)
        process = os.fork()
        if not process:
            os.environ.clear()
            os.environ.update(question["environment"])
            _run(question, question["arguments"], "g6")
        _, status = os.waitpid(process, 0)
        answers.write(f"{os.waitstatus_to_exitcode(status)}\n")
        answers.flush()
        for module in Path(question["modules"]).read_text("utf-8").splitlines():
            if module not in sys.modules and not module.startswith(AT_IMPORT):
                with suppress(ImportError):
                    import_module(module)


if __name__ == "__main__":
    main()
