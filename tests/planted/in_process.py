"""Plant a bug into the modules of a forked process, which is far cheaper than a copy of the tree."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from types import FunctionType, ModuleType

from tests.planted.bugs import BUGS, Bug
from tests.simulate.__main__ import hunted

ROOT = Path(__file__).resolve().parents[2]


def holds_with(bug: Bug, check: Callable[[], bool]) -> bool:
    """Return what a check says in a process of its own, in which the bug is planted."""
    sys.stdout.flush()
    pid = os.fork()
    if pid == 0:
        answer = 2
        try:
            plant(bug)
            answer = 0 if check() else 1
        finally:
            os._exit(answer)
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    if code not in (0, 1):
        raise RuntimeError(f"{bug.name}: the process that it was planted in failed")
    return code == 0


def plant(bug: Bug) -> None:
    """Put the changed functions of a bug in the place of those of this process."""
    for path in {edit.path for edit in bug.edits}:
        text = (ROOT / path).read_text("utf-8")
        for edit in bug.edits:
            if edit.path == path:
                text = text.replace(edit.before, edit.after)
        module = import_module(path.removesuffix(".py").replace("/", "."))
        _replace(module, compile(text, path, "exec"))


def _replace(module: ModuleType, code: object) -> None:
    """Run changed code of a module, and let the functions that others hold do what the new ones do."""
    older = dict(vars(module))
    newer = {"__name__": module.__name__, "__file__": module.__file__}
    exec(code, newer)  # type: ignore[call-overload]  # noqa: S102 - the text is a module of this tree
    for name, value in newer.items():
        before = older.get(name)
        if isinstance(value, FunctionType) and isinstance(before, FunctionType):
            before.__code__ = value.__code__
        elif isinstance(value, type) and isinstance(before, type):
            for attribute, function in vars(value).items():
                own = vars(before).get(attribute)
                own, function = _plain(own), _plain(function)  # noqa: PLW2901
                if isinstance(function, FunctionType) and isinstance(own, FunctionType):
                    own.__code__ = function.__code__


def _plain(attribute: object) -> object:
    return attribute.fget if isinstance(attribute, property) else attribute


def main() -> int:
    """Plant the bug of a name in this process and run schedules until one fails: `NAME MOST FIRST`."""
    name, most, first = sys.argv[1:]
    (bug,) = [bug for bug in BUGS if bug.name == name]
    plant(bug)
    print(json.dumps(hunted(int(first), int(most), bug.needs)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
