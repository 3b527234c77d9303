"""The notebooks are what their sources say, ran as they ship, and run from any directory."""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path
from types import ModuleType

import matplotlib as mpl
import nbformat
import pytest

import g6

# Sources that are run in this process draw without a display. A kernel of its own has its own.
mpl.use("Agg")

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


def _builder() -> ModuleType:
    spec = importlib.util.spec_from_file_location(
        "notebooks_build", ROOT / "docs/notebooks/build.py"
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


build = _builder()


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
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
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_there_are_six() -> None:
    assert {source.stem for source in SOURCES} == NAMES


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.stem)
def test_a_notebook_is_of_its_source_and_ships_its_outputs(source: Path) -> None:
    assert build.stale(source) == "", "make notebooks"


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.stem)
def test_a_notebook_names_no_place_of_the_machine_that_ran_it(source: Path) -> None:
    text = build.path_of(source).read_text(encoding="utf-8")
    assert str(ROOT) not in text
    assert "/tmp" not in text


def test_a_changed_source_is_told(tmp_path: Path) -> None:
    changed = tmp_path / WHOLE.name
    changed.write_text(WHOLE.read_text(encoding="utf-8") + "\n# %%\n1 + 1\n", encoding="utf-8")
    assert build.stale(changed) == "is not what its source says"


@pytest.mark.timeout(90)
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.stem)
def test_a_source_runs_from_an_empty_directory(elsewhere: Path, source: Path) -> None:
    program = compile(source.read_text(encoding="utf-8"), str(source), "exec")
    exec(program, {"__name__": source.stem})  # noqa: S102 - it is this project's own
    assert os.listdir(elsewhere) == []  # noqa: PTH208 - hidden files too


@pytest.mark.timeout(120)
@pytest.mark.filterwarnings("ignore")
def test_a_notebook_that_is_run_whole_says_what_it_ships(elsewhere: Path) -> None:
    done = build.executed(build.notebook_of(WHOLE), elsewhere)
    assert _texts(done) == _texts(nbformat.read(build.path_of(WHOLE), as_version=4))
    last = done.cells[-1].outputs
    assert any("image/png" in output.get("data", {}) for output in last)


def _texts(notebook: nbformat.NotebookNode) -> list[str]:
    """Return what the cells answered in words. A picture's bytes differ with the fonts there are."""
    return [
        output.data.get("text/plain", "")
        for cell in notebook.cells
        if cell.cell_type == "code"
        for output in cell.outputs
        if "data" in output and "image/png" not in output.data
    ]
