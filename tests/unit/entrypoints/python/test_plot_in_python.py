"""`g6.plot` and a loaded frame's `g6`: figures from the store and from rows alone, alike."""

from __future__ import annotations

import subprocess
import sys

import matplotlib as mpl
import pytest
from matplotlib.figure import Figure

import g6
from g6.bootstrap.reading.study_readers import directory_reader
from g6.domain.documents.json_plain import json_plain
from g6.entrypoints.python.loaded_rows import LoadedRows
from g6.errors import NothingToDo, UserError
from g6.rendering.pictures.kinds import KINDS
from g6.studies.parameters import made
from tests.worlds.stored_cycles import Stored

mpl.use("Agg")
DAY = "2026-11-18"
OF_CHAINS = [kind for kind in KINDS if kind.name != "overlays"]


@pytest.fixture
def chain(stored: Stored):
    return g6.load("FINNIFTY", DAY, engine="pandas", data_dir=stored.directory)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_every_kind_is_a_figure_that_a_notebook_shows(stored: Stored, kind) -> None:
    figure = getattr(g6.plot, kind.name)("FINNIFTY", theme="dark", data_dir=stored.directory)
    assert isinstance(figure, Figure)
    assert figure._repr_png_().startswith(b"\x89PNG")


def test_completion_offers_kinds_and_signatures_name_the_view() -> None:
    assert dir(g6.plot) == sorted(kind.name for kind in KINDS)
    assert "all_strikes" in str(g6.plot.smile.__signature__)
    assert "theme: Its colours." in g6.plot.smile.__doc__
    with pytest.raises(AttributeError, match="heatmap"):
        _ = g6.plot.candles


def test_a_loaded_frame_draws_itself_in_one_line(chain) -> None:
    assert isinstance(chain.g6.plot_oi(strikes=5), Figure)
    assert "plot_smile" in dir(chain.g6)
    with pytest.raises(AttributeError, match="plot_oi"):
        _ = chain.g6.plot_candles


@pytest.mark.parametrize("kind", OF_CHAINS, ids=lambda kind: kind.name)
def test_a_frame_answers_as_the_store_does(stored: Stored, chain, kind) -> None:
    parameters = made(kind.study.parameters, {"index": "FINNIFTY"})
    from_store = kind.study.answer(directory_reader(stored.directory), parameters)
    from_rows = kind.study.answer(LoadedRows.of(chain), parameters)
    assert json_plain(from_rows) == json_plain(from_store)


def test_a_frame_of_the_overview_draws_sessions(stored: Stored) -> None:
    overview = g6.load("FINNIFTY", DAY, "overview", engine="pandas", data_dir=stored.directory)
    assert isinstance(overview.g6.plot_overlays(figure="pcr_this_month"), Figure)
    with pytest.raises(UserError, match="needs chain rows"):
        overview.g6.plot_oi()


def test_a_frame_that_lacks_columns_says_how_to_load_it(stored: Stored) -> None:
    part = g6.load(
        "FINNIFTY", DAY, engine="pandas", columns=["timestamp", "strike"], data_dir=stored.directory
    )
    with pytest.raises(UserError, match="lacks the columns observed_at"):
        part.g6.plot_oi()


def test_a_frame_of_several_indices_asks_which(chain) -> None:
    import pandas as pd

    both = pd.concat([chain, chain.assign(underlying="NIFTY")])
    with pytest.raises(UserError, match="FINNIFTY, NIFTY"):
        both.g6.plot_oi()
    assert isinstance(both.g6.plot_oi(index="NIFTY"), Figure)


def test_a_frame_without_a_row_says_so(chain) -> None:
    with pytest.raises(NothingToDo, match="no row"):
        chain[chain.strike < 0].g6.plot_oi()


def test_a_time_counts_from_the_newest_instant_of_the_frame(chain) -> None:
    assert chain.g6.plot_oi(at="-2m")._suptitle.get_text().endswith("11:00 IST")
    with pytest.raises(NothingToDo, match="this frame"):
        chain.g6.plot_oi(at="-2d")


@pytest.mark.parametrize(
    ("program", "answer"),
    [
        (
            "import sys, g6; print('pandas' in sys.modules, 'matplotlib' in sys.modules)",
            "False False",
        ),
        ("import pandas, g6; print(hasattr(pandas.DataFrame, 'g6'))", "True"),
        (
            "import sys, pandas, g6; pandas.DataFrame().g6; print('matplotlib' in sys.modules)",
            "False",
        ),
    ],
)
def test_the_accessor_comes_with_pandas_and_imports_nothing(program: str, answer: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == answer
