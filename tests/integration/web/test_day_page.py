"""A day in one file, in Chromium: it opens from the disk, asks nobody, and its slider goes back."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from g6.config import load
from g6.entrypoints.web.page.day_page import day_page
from g6.errors import NothingToDo
from tests.worlds.web.browser import Page, browser
from tests.worlds.web.served_page import ServedPage

pytestmark = pytest.mark.services

DAY = date(2026, 11, 18)
VIEWS = ("overview", "chain", "straddle", "smile", "levels", "heatmap", "exposures", "health")
SETTLED = (
    "document.querySelectorAll('.panel').length > 0"
    " && !document.querySelector('.panel[aria-busy=true]')"
)


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> ServedPage:
    rows = ServedPage(tmp_path_factory.mktemp("rows"))
    for _ in range(5):
        rows.cycle()
    return rows


@pytest.fixture(scope="module")
def file(rows: ServedPage) -> Path:
    settings = load(None, {"data_dir": rows.directory, "demo_dir": rows.directory}, {})
    page = day_page(settings, DAY, "NIFTY", 5, lambda _, __: None)
    assert page.instants == 5
    file = rows.directory / "day.html"
    file.write_text(page.text, encoding="utf-8")
    return file


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    with browser(tmp_path_factory.mktemp("browser")) as opened:
        yield opened


def test_every_view_is_drawn_from_the_disk_without_a_request(page: Page, file: Path) -> None:
    for view in VIEWS:
        address = f"{file.as_uri()}?view={view}"
        page.open(address, 1024, 800)
        page.wait(SETTLED)
        troubles = "[...document.querySelectorAll('.message')].map((one) => one.textContent).filter(Boolean)"
        assert page.value(troubles) == [], view
        assert page.errors == [], view
        assert page.requests == [address], view


def test_the_slider_of_the_file_goes_back(page: Page, file: Path, rows: ServedPage) -> None:
    page.open(f"{file.as_uri()}?view=overview", 1024, 800)
    page.wait(f"{SETTLED} && g6.time.span !== null")
    assert page.value("g6.panels[0].answer.data.rows[0].cycle") == "2026-11-18T05:34:00Z"
    page.value(
        "g6.time.slider.value = g6.time.span[0] + 120;"
        " g6.time.slider.dispatchEvent(new Event('input')); 0"
    )
    page.wait("g6.panels[0].answer.data.rows[0].cycle < '2026-11-18T05:34:00Z'")
    cycle = page.value("g6.panels[0].answer.data.rows[0].cycle")
    spot = rows.world.rows(cycle)["NIFTY"]["spot"]
    text = page.value("document.querySelector('[data-key=NIFTY] [data-cell=spot]').textContent")
    assert text == f"{spot:,.2f}"


def test_a_day_that_is_not_stored_is_refused(rows: ServedPage) -> None:
    settings = load(None, {"data_dir": rows.directory, "demo_dir": rows.directory}, {})
    with pytest.raises(NothingToDo, match="nothing of NIFTY is stored of 2026-11-17"):
        day_page(settings, date(2026, 11, 17), "NIFTY", 5, lambda _, __: None)
