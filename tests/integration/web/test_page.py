"""The page in Chromium: it loads fast and from nowhere else, follows, goes back, and reads aloud."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from g6.rendering.wording import number
from tests.worlds.web.browser import Page, browser
from tests.worlds.web.served_page import ServedPage

pytestmark = pytest.mark.services

AXE = Path(__file__).parents[2] / "data" / "axe-core" / "axe.min.js"
VIEWS = ("overview", "chain", "straddle", "smile", "levels", "heatmap", "exposures", "health")
WIDTHS = (390, 1024, 1600)
MOST_BYTES = 150_000
SETTLED = (
    "document.querySelectorAll('.panel').length > 0"
    " && !document.querySelector('.panel[aria-busy=true]') && !document.querySelector('.waiting')"
)
RUN_AXE = """
axe.run(document, { resultTypes: ["violations"] }).then((result) => result.violations.map((one) =>
  `${one.id}: ${one.help}: ${one.nodes.slice(0, 3).map((node) => node.html.slice(0, 160)).join(" | ")}`))
"""


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedPage]:
    served = ServedPage(tmp_path_factory.mktemp("rows"))
    for _ in range(6):
        served.cycle()
    served.begin()
    yield served
    served.end()


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    with browser(tmp_path_factory.mktemp("browser")) as opened:
        yield opened


def opened(
    page: Page, served: ServedPage, query: str = "", size: tuple[int, int] = (1024, 800)
) -> None:
    page.open(f"{served.url}/{query}", *size)
    page.wait(SETTLED)


def test_the_page_asks_no_other_host_and_raises_nothing(page: Page, served: ServedPage) -> None:
    for view in VIEWS:
        opened(page, served, f"?view={view}&index=NIFTY")
        assert page.errors == [], view
        assert [one for one in page.requests if not one.startswith(served.url)] == [], view
        troubles = "[...document.querySelectorAll('.message')].map((one) => one.textContent).filter(Boolean)"
        assert page.value(troubles) == [], view


def test_all_of_it_takes_few_bytes_over_the_wire(served: ServedPage, tmp_path: Path) -> None:
    # A browser that was here before is sent 304 and no bytes.
    with browser(tmp_path) as fresh:
        opened(fresh, served)
        sizes = fresh.value(
            "[...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')]"
            ".map((entry) => [entry.name, entry.transferSize])"
        )
    assert len(sizes) > 15
    assert all(size for name, size in sizes if not name.endswith("/events")), sizes
    assert sum(size for _, size in sizes) <= MOST_BYTES, sizes


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("view", VIEWS)
def test_axe_finds_nothing(page: Page, served: ServedPage, view: str, theme: str) -> None:
    opened(page, served, f"?view={view}&index=NIFTY")
    page.value(f"document.documentElement.dataset.theme = {theme!r}; g6.redraw()")
    page.command("Runtime.evaluate", expression=AXE.read_text(encoding="utf-8"))
    assert page.value(RUN_AXE) == []


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("view", VIEWS)
def test_no_view_is_wider_than_the_window(
    page: Page, served: ServedPage, view: str, width: int
) -> None:
    opened(page, served, f"?view={view}&index=NIFTY", (width, 844))
    assert page.value("document.documentElement.scrollWidth") <= width


def cell(page: Page, row: str, column: str) -> Any:
    return page.value(
        f"document.querySelector('[data-key=\"{row}\"] [data-cell={column}]').textContent"
    )


def shown(figure: float, places: int = 2) -> str:
    return f"{figure:,.{places}f}"


def test_the_chain_leaves_columns_out_instead_of_moving_sidewards(
    page: Page, served: ServedPage
) -> None:
    opened(page, served, "?view=chain&index=NIFTY", (1600, 844))
    table = "document.querySelector('#chain table')"
    for width in (600, 900, 1280, 1400, 1600, 1920):
        page.command(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=844,
            deviceScaleFactor=1,
            mobile=False,
        )
        is_inside = f"{table}.scrollWidth <= {table}.parentElement.clientWidth"
        page.wait(f"innerWidth === {width} && {is_inside}")


def test_a_cell_changes_with_the_cycle(page: Page, served: ServedPage) -> None:
    opened(page, served)
    page.wait("g6.live.isFollowing")
    page.value(
        "window.changed = []; new MutationObserver((changes) => changes.forEach((change) => "
        "changed.push(change.target.dataset?.cell))).observe(document.getElementById('board'), "
        "{ childList: true, subtree: true, characterData: true }); 0"
    )
    asked = len(page.requests)
    cycle = served.cycle()
    page.wait(f"g6.live.cycle === {cycle!r}")
    spot = served.world.rows(cycle)["NIFTY"]["spot"]
    page.wait(
        f"document.querySelector('[data-key=NIFTY] [data-cell=spot]').textContent === {shown(spot)!r}"
    )
    assert "spot" in page.value("changed")
    assert "index" not in page.value("changed")
    # The stream brought it: the line through the day grows as well, and no study is asked.
    assert page.value("g6.panels[1].answer.data.instant.at(-1)") == cycle
    assert [one for one in page.requests[asked:] if "/v1/" in one] == []


def test_the_slider_shows_what_was_known_then(page: Page, served: ServedPage) -> None:
    opened(page, served, "?view=chain&index=NIFTY")
    page.wait("g6.time.span !== null")
    first = page.value("g6.time.span[0]")
    page.value(
        f"g6.time.slider.value = {first + 180}; g6.time.slider.dispatchEvent(new Event('input')); 0"
    )
    page.wait("new URLSearchParams(location.search).get('at') !== null")
    page.wait("g6.panels[0].answer && g6.panels[0].answeredFor.at !== ''")
    page.wait(SETTLED)
    at = page.value("new URLSearchParams(location.search).get('at')")
    chain = served.answer(f"/v1/chain?index=NIFTY&at={at}")
    page.wait(f"g6.panels[0].answer.data.cycle === {chain['cycle']!r}")
    row = next(row for row in chain["rows"] if row["offset"] == 0)
    strike = f"{row['strike']:.0f}"
    assert cell(page, strike, "ce_last") == shown(row["ce_last"])
    assert cell(page, strike, "pe_oi") == shown(row["pe_oi"] / 1e5, 1)
    assert "as of 11:03:00" in page.value("document.querySelector('#chain .meta').textContent")
    assert page.value("document.getElementById('live').textContent") == "past"


def test_an_address_is_a_picture_of_a_moment(page: Page, served: ServedPage) -> None:
    opened(page, served, "?view=levels&index=BANKNIFTY&at=2026-11-18T05:33:00Z")
    assert page.value("g6.panels[0].answer.data.cycle") == "2026-11-18T05:33:00Z"
    assert page.value("document.getElementById('title').textContent").startswith("BANKNIFTY")
    assert (
        page.value("document.querySelector('[data-view=levels]').getAttribute('aria-current')")
        == "page"
    )


def test_an_instant_without_a_zone_is_that_of_india(page: Page, served: ServedPage) -> None:
    opened(page, served, "?view=chain&index=NIFTY&at=2026-11-18T11:03:00")
    assert page.value("g6.panels[0].answer.data.cycle") == "2026-11-18T05:33:00Z"
    page.wait("g6.time.output.textContent.startsWith('known at 11:03:00 IST')")


@pytest.mark.parametrize("at", ["garbage", "2026-13-45T11:00"])
def test_an_instant_that_is_none_is_told_and_the_newest_day_shown(
    page: Page, served: ServedPage, at: str
) -> None:
    opened(page, served, f"?view=chain&index=NIFTY&at={at}")
    assert at in page.value("document.querySelector('#chain .message').textContent")
    page.wait("g6.time.date.value === '2026-11-18'")
    assert at in page.value("g6.time.output.textContent")
    assert page.errors == []


def test_a_figure_that_lies_halfway_is_that_of_the_terminal(page: Page, served: ServedPage) -> None:
    opened(page, served, "?view=chain&index=NIFTY")
    figures = (206.625, 206.635, 180.825, 0.125, 0.375, -0.375, 2.5, 206.85000000000002, 0.03125)
    for figure in figures:
        for places in (0, 1, 2, 3):
            shown = page.value(f"g6.context.forms.number({figure}, {places})")
            assert shown.replace("−", "-") == number(figure, places), (figure, places)


DRAWN = """
(() => {
  const drawn = [], own = CanvasRenderingContext2D.prototype, { stroke, fillText } = own;
  own.stroke = function (...all) {
    if (this.getLineDash().length) drawn.push("line");
    return stroke.apply(this, all);
  };
  own.fillText = function (text, x, y) {
    if (["ATM", "forward"].includes(text)) drawn.push([text, x, y, this.measureText(text).width]);
    return fillText.call(this, text, x, y);
  };
  g6.redraw();
  return new Promise((done) => setTimeout(() => {
    Object.assign(own, { stroke, fillText });
    done(drawn);
  }, 400));
})()
"""


def test_no_line_goes_through_a_label(page: Page, served: ServedPage) -> None:
    opened(page, served, "?view=smile&index=NIFTY", (1024, 800))
    drawn = page.value(DRAWN)
    labels = [one for one in drawn if one != "line"]
    assert {label[0] for label in labels} == {"ATM", "forward"}
    first, second = labels[-2:]
    apart = first[1] + first[3] <= second[1] or first[2] != second[2]
    assert apart, labels
    assert "line" not in drawn[drawn.index(first) :]


def test_a_move_says_which_it_is(page: Page, served: ServedPage) -> None:
    opened(page, served, "?view=chain&index=NIFTY")
    assert "0.85 straddle" in page.value("document.querySelector('#chain dl').textContent")
    opened(page, served, "?view=overview&index=NIFTY", (1600, 900))
    assert "0.85 straddle" in page.value("document.querySelector('thead').textContent")


def test_rows_of_an_earlier_day_say_so_where_no_system_runs(page: Page, served: ServedPage) -> None:
    opened(page, served, "?view=chain&index=NIFTY")
    # A system that runs has a simulated clock: its rows are new there.
    running = _meta_twelve_days_later(page, "true")
    assert " · read " in running
    assert "session" not in running
    assert "of an earlier session, 12 days old · read " in _meta_twelve_days_later(page, "false")


def _meta_twelve_days_later(page: Page, has_stream: str) -> str:
    """Return what the chain says of its age. Set and read in one breath: the page asks anew meanwhile."""
    text = page.value(
        "(g6.panels[0].streamed = null,"
        " g6.panels[0].answer.answered_at = '2026-11-30T05:35:00Z',"
        f" g6.facts = {{ ...g6.facts, stream: {has_stream} }}, g6.tick(),"
        " document.querySelector('#chain .meta').textContent)"
    )
    return str(text)


def test_a_position_shows_what_it_gains_were_the_index_elsewhere(
    page: Page, served: ServedPage
) -> None:
    answer = served.answer("/v1/payoff?index=NIFTY")
    strike, day = answer["legs"][0]["strike"], answer["legs"][0]["expiry"]
    legs = f"{day}:{strike:.0f}:CE,{day}:{strike + 100:.0f}:CE:-1"
    for query in ("", f"&legs={legs}"):
        opened(page, served, f"?view=straddle&index=NIFTY{query}")
        data = page.value("g6.panels[1].answer.data")
        assert data == served.answer(f"/v1/payoff?index=NIFTY{query}")
        shown_roots = page.value(
            "[...document.querySelectorAll('#payoff dt')].find((one) => one.textContent.startsWith('Break'))"
            ".nextSibling.textContent"
        )
        roots = [f"{round(level):,}" for level in data["break_even"]]
        assert shown_roots == " and ".join(roots)
        assert page.value("document.querySelector('#payoff .plot canvas') !== null")


def test_the_board_says_why_figures_of_the_whole_chain_are_dashes(
    page: Page, served: ServedPage
) -> None:
    opened(page, served)
    assert page.value("document.querySelector('#board .none').textContent") == ""
    page.value(
        "g6.panels[0].answer.data.rows[0].figures.pcr_nearest = null; g6.panels[0].redraw(); 0"
    )
    assert "open interest of some strikes" in page.value(
        "document.querySelector('#board .none').textContent"
    )


def press(page: Page, key: str, code: int = 0) -> None:
    for kind in ("keyDown", "keyUp"):
        page.command(
            "Input.dispatchKeyEvent",
            type=kind,
            key=key,
            text=key if kind == "keyDown" and len(key) == 1 else "",
            windowsVirtualKeyCode=code,
        )


def test_the_keyboard_alone_reaches_every_part(page: Page, served: ServedPage) -> None:
    opened(page, served)
    press(page, "2")
    page.wait("new URLSearchParams(location.search).get('view') === 'chain'")
    press(page, "n")
    page.wait("new URLSearchParams(location.search).get('index') === 'BANKNIFTY'")
    page.wait(SETTLED)
    press(page, ",")
    page.wait("new URLSearchParams(location.search).get('at') !== null")
    press(page, "l")
    page.wait("new URLSearchParams(location.search).get('at') === null")
    press(page, "?")
    page.wait("document.getElementById('keys').open")
    press(page, "Escape", 27)
    page.wait("!document.getElementById('keys').open")
    page.wait(SETTLED)
    parts = set()
    for _ in range(60):
        press(page, "Tab", 9)
        parts.add(
            page.value(
                "(document.activeElement.closest('nav, .panel, .controls, .time, .brand') || document.body).className"
                " || document.activeElement.closest('nav')?.getAttribute('aria-label') || ''"
            )
        )
    assert {"indices", "views", "brand", "controls", "time"} <= parts
    assert any("panel" in name for name in parts)


def test_heat_maps_are_read_by_arrow_keys(page: Page, served: ServedPage) -> None:
    opened(page, served, "?view=heatmap&index=NIFTY")
    page.value("document.querySelector('.picture canvas').focus()")
    press(page, "ArrowLeft", 37)
    words = page.value("document.querySelector('.readout').textContent")
    assert " at 11:" in words
    assert "lakh units" in words


def test_what_is_no_longer_heard_is_greyed(page: Page, tmp_path: Path) -> None:
    served = ServedPage(tmp_path)
    served.cycle()
    served.begin()
    opened(page, served)
    page.wait("g6.live.isFollowing")
    assert page.value("document.querySelectorAll('.panel.stale').length") == 0
    served.end()
    page.wait(
        "document.querySelectorAll('.panel.stale').length === document.querySelectorAll('.panel').length"
    )
    assert "no connection since" in page.value("document.querySelector('#board .meta').textContent")


def test_a_page_without_rows_says_what_brings_them_and_fills_by_itself(
    page: Page, tmp_path: Path
) -> None:
    served = ServedPage(tmp_path)
    served.begin()
    try:
        page.open(f"{served.url}/?view=chain&index=NIFTY", 1024, 800)
        page.wait("document.querySelector('[aria-labelledby=welcome-title]') !== null")
        messages = "[...document.querySelectorAll('.panel:not([hidden]) .message')]"
        assert page.value(f"{messages}.length") == 1
        page.wait("g6.live.isFollowing")
        served.cycle()
        page.wait("document.querySelector('#chain [data-cell=strike]') !== null")
        page.wait("document.querySelector('[aria-labelledby=welcome-title]') === null")
        page.wait(f"{messages}.length === 3")
    finally:
        served.end()


def test_lines_start_anew_where_the_contract_does(page: Page, served: ServedPage) -> None:
    opened(page, served)
    series = "{ values: [1, 2, 3] }, { values: [4, 5, 6], isApart: () => false }"
    drawn = page.value(
        f"import('/page/chart.js').then((own) => own.apart([0, 10, 20], [{series}], [2]))"
    )
    assert drawn["x"] == [0, 10, 15, 20]
    assert [one["values"] for one in drawn["series"]] == [[1, 2, None, 3], [4, 5, 5.5, 6]]
    days = "['a', 'a', 'b', null, 'b']"
    assert page.value(f"import('/page/chart.js').then((own) => own.changes({days}))") == [2]


def test_with_a_token_the_page_asks_for_it_and_takes_a_cookie(page: Page, tmp_path: Path) -> None:
    served = ServedPage(tmp_path)
    served.cycle()
    served.begin(token="sesame-sesame-sesame")
    try:
        page.open(f"{served.url}/", 1024, 800)
        page.wait("document.querySelector('.login') !== null")
        page.value(
            "document.getElementById('token').value = 'wrong'; document.querySelector('.login button').click()"
        )
        page.wait("document.querySelector('.login .message').textContent !== ''")
        page.value(
            "document.getElementById('token').value = 'sesame-sesame-sesame'; document.querySelector('.login button').click()"
        )
        page.wait("document.querySelector('#board [data-cell=spot]') !== null")
        assert page.value("document.cookie") == ""
        assert (
            json.loads(
                page.value(
                    "JSON.stringify([...document.querySelectorAll('.message')].map((one) => one.textContent).filter(Boolean))"
                )
            )
            == []
        )
    finally:
        served.end()


@pytest.mark.parametrize("study", ["chain", "ladder", "overview"])
def test_a_page_without_scripts_leaves_columns_out_instead_of_moving_sidewards(
    page: Page, served: ServedPage, study: str
) -> None:
    shown = {}
    for width in (390, 1024, 2400):
        page.open(f"{served.url}/v1/{study}.html?index=NIFTY", width, 800)
        assert page.value("document.documentElement.scrollWidth <= innerWidth"), (study, width)
        assert page.value(
            "(({ scrollWidth, clientWidth }) => scrollWidth <= clientWidth)"
            "(document.querySelector('.rows'))"
        ), (study, width)
        heads = "[...document.querySelectorAll('.rows th')]"
        shown[width] = page.value(f"{heads}.filter((head) => head.offsetParent).length")
        assert page.value("!!document.querySelector('.fewer')?.offsetParent") == (
            shown[width] < page.value(f"{heads}.length")
        ), (study, width)
    assert shown[2400] == page.value("document.querySelectorAll('.rows th').length")
