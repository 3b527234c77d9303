"""The page of a picture in a browser: it zooms, answers the pointer, and asks nobody for anything."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from g6.bootstrap.reading.study_readers import directory_reader
from g6.rendering.pictures.kinds import KINDS, kind_of
from g6.rendering.pictures.page import page_of
from g6.studies.parameters import made
from tests.worlds.stored_cycles import store_two_cycles
from tests.worlds.web.browser import Page, browser

pytestmark = pytest.mark.services

NAMES = [kind.name for kind in KINDS]
PICTURE = "document.getElementById('picture')"
RANGE = f"{PICTURE}._fullLayout.xaxis.range.slice()"
TEXTS = "[...document.querySelectorAll('.hoverlayer text')].map(text => text.textContent).join(' ')"
TITLES = "[...document.querySelectorAll('.modebar-btn')].map(button => button.dataset.title || '')"
WIDE = (1280, 720)
PHONE = (390, 844)


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A page of every kind of picture."""
    directory = tmp_path_factory.mktemp("pages")
    reader = directory_reader(store_two_cycles(directory / "data").directory)
    for name in NAMES:
        kind = kind_of(name)
        parameters = made(kind.study.parameters, {"index": "FINNIFTY"})
        view = made(kind.view, {})
        picture = kind.describe(kind.study.answer(reader, parameters), view)
        (directory / f"{name}.html").write_text(page_of(picture, view), encoding="utf-8")
    return directory


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    """A browser that runs while this module's tests do."""
    with browser(tmp_path_factory.mktemp("browser")) as page:
        yield page


def opened(page: Page, file: Path, size: tuple[int, int]) -> None:
    page.command("Target.getTargets")
    page.open(file.as_uri(), *size)
    page.wait("document.querySelector('#picture .main-svg') !== null")


@pytest.mark.parametrize("size", [WIDE, PHONE], ids=["screen", "phone"])
@pytest.mark.parametrize("name", NAMES)
def test_a_page_is_drawn_without_a_request(
    page: Page, pages: Path, name: str, size: tuple[int, int]
) -> None:
    file = pages / f"{name}.html"
    opened(page, file, size)
    assert page.errors == []
    assert page.requests == [file.as_uri()]
    assert page.value("document.documentElement.scrollWidth") <= size[0]
    assert page.value(f"{PICTURE}._fullData.length") > 0


def test_no_button_sends_the_picture_anywhere(page: Page, pages: Path) -> None:
    opened(page, pages / "oi.html", WIDE)
    titles = page.value(TITLES)
    assert "Zoom" in titles
    assert [title for title in titles if "loud" in title or "hare" in title] == []


def middle(page: Page) -> tuple[float, float, float]:
    """Return the middle of the first plot, and its width in pixels."""
    left, top, width, height = page.value(
        "(box => [box.x, box.y, box.width, box.height])"
        "(document.querySelector('.nsewdrag').getBoundingClientRect())"
    )
    return left + width / 2, top + height / 2, width


def test_dragging_over_a_plot_zooms_and_its_button_goes_back(page: Page, pages: Path) -> None:
    opened(page, pages / "oi.html", WIDE)
    low, high = page.value(RANGE)
    x, y, width = middle(page)
    page.mouse("Moved", x, y)
    page.mouse("Pressed", x, y, button="left", clickCount=1)
    for share in (0.1, 0.2):
        page.mouse("Moved", x + share * width, y, button="left", buttons=1)
    page.mouse("Released", x + 0.2 * width, y, button="left", clickCount=1)
    page.wait(f"{RANGE}[0] > {low}")
    near_low, near_high = page.value(RANGE)
    assert near_high - near_low == pytest.approx(0.2 * (high - low), rel=0.05)
    page.value("document.querySelector('[data-title=\"Reset axes\"]').click()")
    page.wait(f"Math.abs({RANGE}[0] - {low}) < 1")


def test_the_pointer_is_answered_with_numbers_and_their_unit(page: Page, pages: Path) -> None:
    opened(page, pages / "oi.html", WIDE)
    x, y, _ = middle(page)
    page.mouse("Moved", x - 3, y)
    page.mouse("Moved", x, y)
    page.wait("document.querySelector('.hoverlayer text') !== null")
    assert "lakh units" in page.value(TEXTS)


def test_a_phone_turned_is_drawn_wide(page: Page, pages: Path) -> None:
    opened(page, pages / "oi.html", PHONE)
    narrow = page.value(f"{PICTURE}.layout.title.text")
    page.command(
        "Emulation.setDeviceMetricsOverride",
        width=844,
        height=390,
        deviceScaleFactor=1,
        mobile=False,
    )
    page.wait(f"{PICTURE}.layout.title.text !== {narrow!r}")
    assert page.errors == []
