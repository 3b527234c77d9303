"""Every library that is imported is installed with G6 or by an extra that is named where it is missing."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Mapping, Sequence
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from scipy.special import ndtri

from g6.domain.figures.smile import volatility_smile
from g6.errors.extras import LIBRARIES
from tests.worlds.stored_cycles import Stored

ROOT = Path(__file__).resolve().parents[3]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
WITH_OTHERS = {
    "dotenv": "pydantic-settings",
    "pydantic_core": "pydantic",
    "billiard": "celery",
    "opentelemetry": "opentelemetry-sdk",
    "starlette": "fastapi",
    "mcp_types": "mcp",
    "anyio": "mcp",
    **dict.fromkeys(
        ("OpenSSL", "autobahn", "requests", "service_identity", "twisted", "urllib3"), "kiteconnect"
    ),
}
"""Libraries that come with another one, which is what the project names."""


def imported() -> set[str]:
    """Return the libraries that the package imports, by their first names."""
    names: set[str] = set()
    for path in (ROOT / "g6").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Import):
                names |= {each.name.partition(".")[0] for each in node.names}
            elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
                names.add(node.module.partition(".")[0])
    return names - set(sys.stdlib_module_names) - {"g6"}


def distributions(requirements: list[str]) -> set[str]:
    names = {each.partition(">")[0].partition("[")[0].strip() for each in requirements}
    return {name.lower().replace("-", "_") for name in names}


Installed = Mapping[str, Sequence[str]]


@pytest.fixture(scope="module")
def installed() -> Installed:
    """The distributions by library: asked for each one they were half of this file's time."""
    return packages_distributions()


def of_library(library: str, installed: Installed) -> str:
    """Return the distribution that brings a library, as the project may name it."""
    name = WITH_OTHERS.get(library)
    if name is None:
        (name, *_) = installed.get(library, [library])
    return name.lower().replace("-", "_")


def test_every_library_is_a_requirement_or_of_an_extra(installed: Installed) -> None:
    of_extras = {library for libraries in LIBRARIES.values() for library in libraries}
    base = distributions(PROJECT["dependencies"])
    strange = [name for name in imported() - of_extras if of_library(name, installed) not in base]
    assert strange == [], (
        "name it in pyproject.toml, and in g6/errors/extras.py where an extra brings it"
    )


@pytest.mark.parametrize("extra", LIBRARIES)
def test_an_extra_brings_the_libraries_that_it_is_named_for(
    extra: str, installed: Installed
) -> None:
    named = distributions(PROJECT["optional-dependencies"][extra])
    assert {of_library(library, installed) for library in LIBRARIES[extra]} <= named


def test_a_number_that_was_written_down_is_scipys() -> None:
    assert float(ndtri(1 - volatility_smile.WING_DELTA)) == volatility_smile._WING_DEVIATIONS


START = """
import sys
from importlib.machinery import PathFinder
from g6.errors.extras import EXTRAS

class Lean(PathFinder):
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        if name.partition(".")[0] in set(EXTRAS) - set({present!r}):
            return None
        return super().find_spec(name, path, target)

sys.meta_path = [Lean if finder is PathFinder else finder for finder in sys.meta_path]
import g6
source = {{"data_dir": {directory!r}}}
"""


def lean(directory: Path, program: str, *present: str) -> subprocess.CompletedProcess[str]:
    """Run a program where only the libraries of no extra, and `present`, can be imported."""
    start = START.format(present=present, directory=str(directory))
    return subprocess.run(
        [sys.executable, "-c", start + program],
        capture_output=True, text=True, check=False, cwd=directory,
    )  # fmt: skip


@pytest.mark.parametrize(
    "program",
    [
        "rows = g6.load('FINNIFTY', **source); print(type(rows).__module__, rows.num_rows > 0)",
        "print(len(g6.days(**source)), g6.indices(**source), len(g6.expiries('FINNIFTY', **source)))",
        "print(next(g6.listen('FINNIFTY', 'latest', speed='max', **source)).chain.num_rows)",
        "print(g6.export('FINNIFTY', 'rows.csv', columns=['ce_iv'], **source))",
        "print(g6.ask.interest('FINNIFTY', **source).cycles[-1].pcr)",
        "print(g6.ask.coverage(**source))",
        "from g6.entrypoints.cli import main; raise SystemExit(main(['interest', 'FINNIFTY', '--data-dir', source['data_dir']]))",
        "from g6.entrypoints.cli import main; raise SystemExit(main(['data', 'ls', '--data-dir', source['data_dir']]))",
    ],
    ids=["load", "days", "listen", "export", "ask", "ask-coverage", "interest", "data-ls"],
)
def test_rows_are_read_and_asked_with_nothing_but_what_g6_requires(
    stored: Stored, program: str
) -> None:
    answer = lean(stored.directory, program)
    assert (answer.returncode, answer.stderr) == (0, "")
    assert answer.stdout


def test_days_are_simulated_with_scipy_alone(tmp_path: Path) -> None:
    program = "print(g6.sample(1, interval=7200, data_dir='days', processes=1))"
    answer = lean(tmp_path, program, "scipy")
    assert (answer.returncode, answer.stdout, answer.stderr) == (0, "days\n", "")


@pytest.mark.parametrize(
    ("program", "line"),
    [
        ("g6.sql('select 1', **source)", "pip install 'g6[duckdb]'"),
        ("g6.load('FINNIFTY', engine='polars', **source)", "pip install 'g6[polars]'"),
        ("g6.export('FINNIFTY', 'rows.xlsx', **source)", "pip install 'g6[xlsx]'"),
        ("g6.sample(1, interval=7200, data_dir='days', processes=1)", "pip install 'g6[analysis]'"),
        ("g6.ask.chain('FINNIFTY', **source)", "pip install 'g6[analysis]'"),
    ],
)
def test_python_names_the_line_that_installs_what_is_missing(
    stored: Stored, program: str, line: str
) -> None:
    answer = lean(stored.directory, program)
    assert answer.returncode == 1
    in_checkout = line.replace("'g6[", "-e '.[")
    assert answer.stderr.rstrip().endswith(f"fix: {line}, or in a checkout {in_checkout}")


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["demo"], "pip install 'g6[host]'"),
        (["up"], "pip install 'g6[host]'"),
        (["sample", "--days", "1"], "pip install 'g6[analysis]'"),
        (["kite-server"], "pip install 'g6[web]'"),
    ],
)
def test_a_command_names_the_line_that_installs_what_is_missing(
    tmp_path: Path, words: list[str], line: str
) -> None:
    program = f"from g6.entrypoints.cli import main; raise SystemExit(main({words!r}))"
    answer = lean(tmp_path, program)
    assert (answer.returncode, line in answer.stderr) == (2, True), answer.stderr


def test_an_extra_is_added_to_the_g6_that_is_there_without_an_index() -> None:
    command = [sys.executable, "-m", "pip", "install", "--dry-run", "--no-deps", "--no-index"]
    done = subprocess.run(
        [*command, "g6[plot]"], capture_output=True, text=True, check=False, timeout=120
    )
    if "No module named pip" in done.stderr:
        pytest.skip("this environment has no pip")
    assert (done.returncode, "already satisfied: g6[plot]" in done.stdout) == (0, True)


def test_no_page_installs_g6_by_a_name_that_no_index_has() -> None:
    readme = (ROOT / "README.md").read_text("utf-8")
    assert not re.search(r"pip install '?g6\b(?!-VERSION)", readme)
    install = (ROOT / "docs/how-to/install.md").read_text("utf-8")
    first = install.partition("Where G6 is installed")[0]
    assert "No package index has it" in first
    assert not re.search(r"pip install '?g6\b(?!-VERSION)", first)
