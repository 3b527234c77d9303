"""Every `>>>` example of the domain, the studies and the ports gives what its docstring shows."""

from __future__ import annotations

import ast
import doctest
import importlib
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("domain", "studies", "ports")
FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
NAMES = {
    "np": np,
    "UTC": UTC,
    "date": date,
    "datetime": datetime,
    "time": time,
    "timedelta": timedelta,
}
"""Names that an example may use although its module does not import them."""
WITHOUT_EXAMPLE = {
    "first_guess": "writes into scratch columns of the solver",
    "greeks_after": "consumes the scratch columns of the solver's last step",
    "option_detail": "takes a priced chain, which assembly alone makes",
    "lifted": "takes fitted smiles, which the fit of the surface alone makes",
}
"""Public functions of the domain whose arguments nobody outside their chapter can make."""


def modules() -> list[str]:
    paths = [path for room in ROOMS for path in (ROOT / "g6" / room).rglob("*.py")]
    names = [
        path.relative_to(ROOT).with_suffix("").as_posix()
        for path in [*paths, ROOT / "g6/__init__.py"]
    ]
    return sorted(name.replace("/", ".").removesuffix(".__init__") for name in names)


@pytest.mark.parametrize("name", modules())
def test_examples_give_what_they_show(name: str) -> None:
    module = importlib.import_module(name)
    report: list[str] = []
    runner = doctest.DocTestRunner(optionflags=FLAGS)
    for example in doctest.DocTestFinder(exclude_empty=True).find(
        module, globs=NAMES | vars(module)
    ):
        runner.run(example, out=report.append)
    assert not runner.failures, "".join(report)


def test_every_public_function_of_the_domain_has_an_example() -> None:
    lacking = set()
    for path in sorted((ROOT / "g6/domain").rglob("*.py")):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            is_public = isinstance(node, ast.FunctionDef) and not node.name.startswith("_")
            if is_public and ">>>" not in (ast.get_docstring(node) or ""):
                lacking.add(node.name)
    assert lacking == set(WITHOUT_EXAMPLE)
