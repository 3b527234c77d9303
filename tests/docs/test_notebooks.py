"""The notebooks are what their sources say, answer what they ship, and run from any directory."""

from __future__ import annotations

import importlib.util
import os
import re
from collections.abc import Iterator, Sequence
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import g6

ROOT = Path(__file__).resolve().parents[2]
SOURCES = sorted((ROOT / "docs/notebooks/sources").glob("*.py"))
WHOLE = ROOT / "docs/notebooks/sources/sql_over_a_month.py"
NAMES = {
    "a_day_of_chains",
    "smile_and_surface",
    "open_interest_and_build_up",
    "backtest_as_of",
    "quality_and_gaps",
    "sql_over_a_month",
}
NUMBER = re.compile(r"[-+]?\d[\d,]*\.?\d*(?:e[-+]?\d+)?")


@pytest.fixture(scope="module")
def cells() -> ModuleType:
    """What runs and reads cells."""
    return import_module("tests.docs.notebook_cells")


@pytest.fixture(scope="module")
def build() -> ModuleType:
    """The script that makes notebooks of their sources."""
    spec = importlib.util.spec_from_file_location(
        "notebooks_build", ROOT / "docs/notebooks/build.py"
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def home(build: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home directory with the days that all notebooks share."""
    home = tmp_path_factory.mktemp("home")
    for days, interval in ((1, 600), (20, 3600)):
        g6.sample(days, interval=interval, to=build.DAY, data_dir=home / ".cache/g6/notebooks")
    return home


@pytest.fixture
def elsewhere(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory without anything in it, under that home."""
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("IPYTHONDIR", str(home / "ipython"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def shell(cells: ModuleType, elsewhere: Path) -> Iterator[Any]:
    with cells.quiet_shell() as shell:
        yield shell


def test_there_are_six() -> None:
    assert {source.stem for source in SOURCES} == NAMES


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.stem)
def test_a_notebook_is_of_its_source_and_ships_its_outputs(build: ModuleType, source: Path) -> None:
    assert build.stale(source) == "", "make notebooks"


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.stem)
def test_a_notebook_names_no_place_of_the_machine_that_ran_it(
    build: ModuleType, source: Path
) -> None:
    text = build.path_of(source).read_text(encoding="utf-8")
    assert str(ROOT) not in text
    assert "/tmp" not in text


def test_a_changed_source_is_told(build: ModuleType, tmp_path: Path) -> None:
    changed = tmp_path / WHOLE.name
    changed.write_text(WHOLE.read_text(encoding="utf-8") + "\n# %%\n1 + 1\n", encoding="utf-8")
    assert build.stale(changed) == "is not what its source says"


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.stem)
def test_a_notebook_answers_what_it_ships_from_an_empty_directory(
    build: ModuleType, cells: ModuleType, shell: Any, elsewhere: Path, source: Path
) -> None:
    compared = 0
    for cell in cells.shipped(build.path_of(source)):
        if cell.cell_type != "code":
            continue
        answers = cells.answers_of(shell, cell.source)
        assert_same(answers, _words(cell.outputs), cell.source)
        compared += len(answers) - 1
    assert compared > 0
    assert os.listdir(elsewhere) == []  # noqa: PTH208 - hidden files too


def _words(outputs: Sequence[Any]) -> list[str]:
    """Return what a cell printed, and what it answered in words.

    A figure of pyplot is shown by a kernel and by nothing here.
    """
    printed = "".join(output.text for output in outputs if output.output_type == "stream")
    answers = [
        output.data["text/plain"] for output in outputs if output.output_type == "execute_result"
    ]
    return [printed, *answers]


def assert_same(answers: Sequence[str], shipped: Sequence[str], cell: str) -> None:
    """Compare words exactly, numbers to a millionth: another processor ends in other bits."""
    assert len(answers) == len(shipped), cell
    for answer, text in zip(answers, shipped, strict=True):
        assert NUMBER.sub("0", answer).split() == NUMBER.sub("0", text).split(), cell
        assert _numbers(answer) == pytest.approx(_numbers(text), rel=1e-6, abs=1e-9), cell


def _numbers(text: str) -> list[float]:
    return [float(number.replace(",", "")) for number in NUMBER.findall(text)]


def test_a_number_that_differs_is_told() -> None:
    assert_same(["a 1,000.0 b"], ["a  1,000.00001  b"], "")
    with pytest.raises(AssertionError):
        assert_same(["a 1,000.0 b"], ["a 1,001.0 b"], "")
    with pytest.raises(AssertionError):
        assert_same(["a 1 b"], ["a 1 c"], "")


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.stem)
def test_a_notebook_ships_its_pictures(build: ModuleType, cells: ModuleType, source: Path) -> None:
    shipped = cells.shipped(build.path_of(source))
    shown = [output.get("data", {}) for cell in shipped for output in cell.get("outputs", [])]
    draws = "g6.plot" in source.read_text(encoding="utf-8") or ".plot" in source.read_text("utf-8")
    assert any("image/png" in data for data in shown) is draws
