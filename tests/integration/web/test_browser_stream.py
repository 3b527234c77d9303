"""The reference client in a real browser: it follows, comes back after a restart, and ends where the server is."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from contextlib import closing
from itertools import pairwise
from typing import Any

import pytest

from g6.domain.documents.panels import panel_diff
from tests.worlds.web.browser import Page, browser
from tests.worlds.web.cutting_proxy import CuttingProxy
from tests.worlds.web.web_stream import Running

pytestmark = pytest.mark.services

START = """
import("/g6-stream.js").then((module) => {
  window.heard = [];
  window.stream = new module.G6Stream("/events", { onEvent: (type) => window.heard.push(type) });
  return true;
})
"""


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    with browser(tmp_path_factory.mktemp("browser")) as opened:
        yield opened


def test_a_browser_has_the_panels_of_the_server_also_after_a_restart(page: Page) -> None:
    running = Running()
    running.cycle(overview={"rows": [1, 2]}, health={"ok": True})
    running.begin()
    port = int(running.url.rpartition(":")[2])
    page.open(f"{running.url}/healthz", 800, 600)
    page.value(START)
    page.wait("heard.includes('snapshot')")
    running.cycle(overview={"rows": [1, 3]}, health={"ok": True})
    page.wait("heard.includes('end_of_cycle')")
    assert page.value("stream.panels") == running.panels()
    assert page.value("stream.losses") == 0
    running.serving.end()
    page.wait("!stream.isLive")
    running.cycle(overview={"rows": [4]}, health={"ok": False})
    running.begin(web_port=port)
    page.wait("stream.isLive && stream.panels.overview.rows[0] === 4")
    assert page.value("stream.panels") == running.panels()
    assert page.value("stream.losses") == 1
    assert page.value("stream.reconnects") >= 1
    page.value("stream.close()")
    running.serving.end()
    assert not [error for error in page.errors if "ERR_CONNECTION" not in error]


DIFFERENCES = 1_000
CUTS = 15


def test_the_browser_applies_a_thousand_random_differences_as_python_does(page: Page) -> None:
    chance = random.Random(17)
    running = Running().begin()
    page.open(f"{running.url}/healthz", 800, 600)
    values = [{"rows": [], "spot": None}]
    values += [random_value(chance, 3) for _ in range(DIFFERENCES)]
    differences = [panel_diff(old, new) for old, new in pairwise(values)]
    page.value(f"window.differences = {json.dumps(differences)}; true")
    page.value(
        'import("/g6-stream.js").then((module) => { window.merge = module.mergePanelDiff; })'
    )
    script = """(function () {
      let value = %s;
      return differences.map((one) => {
        if (Object.keys(one).length) value = merge(value, one);
        return JSON.stringify(value);
      });
    })()"""
    texts = page.value(script % json.dumps(values[0]))
    running.serving.end()
    assert [json.loads(text) for text in texts] == values[1:]


def random_value(chance: random.Random, depth: int) -> Any:
    """Return a JSON object as panels hold them, often like others of its kind."""
    value: dict[str, Any] = {}
    for key in chance.sample("abcdefgh", chance.randrange(1, 7)):
        kind = chance.random()
        if depth and kind < 0.3:
            value[key] = random_value(chance, depth - 1)
        elif depth and kind < 0.5:
            value[key] = [chance.choice([1, 2.5, None, "x"]) for _ in range(chance.randrange(4))]
        else:
            value[key] = chance.choice([0, 1, -2.25, 1e-9, None, True, False, "", "<b>", "₹"])
    return value


def test_a_browser_that_is_cut_off_again_and_again_loses_nothing(page: Page) -> None:
    chance = random.Random(5)
    running = Running()
    running.cycle(overview={"rows": [0, 0]}, health={"ok": True})
    running.begin()
    with closing(CuttingProxy(running.url)) as proxy:
        page.open(f"{proxy.url}/healthz", 800, 600)
        page.value(START)
        page.wait("stream.isLive")
        for number in range(1, CUTS + 1):
            if chance.random() < 0.8:
                proxy.cut()
                page.wait("!stream.isLive")
            rows = [number, chance.choice([None, -0.5, number])]
            running.cycle(overview={"rows": rows}, health={"ok": chance.random() < 0.5})
            if chance.random() < 0.7:
                page.wait(f"stream.isLive && stream.panels.overview.rows[0] === {number}")
                assert page.value("stream.panels") == running.panels()
        page.wait(f"stream.isLive && stream.panels.overview.rows[0] === {CUTS}")
        assert page.value("stream.panels") == running.panels()
        assert page.value("stream.losses") == 0
        assert proxy.cuts >= 5
        assert page.value("stream.reconnects") >= 5
        # Half to all of what is allowed, which is half a second and more with each try in vain.
        waits = page.value("stream.waits")
        assert all(250 <= wait <= 30_000 for wait in waits)
        assert len(set(waits)) == len(waits)
        page.value("stream.close()")
    running.serving.end()


def test_a_tab_that_wakes_up_after_a_sleep_comes_back_and_says_that_it_is_not_live(
    page: Page,
) -> None:
    running = Running()
    running.cycle(overview={"rows": [1]})
    running.begin()
    page.open(f"{running.url}/healthz", 800, 600)
    page.value(START)
    page.wait("stream.isLive")
    page.value("window.states = []; stream.onState = (isLive) => states.push(isLive); true")
    awake = 'document.dispatchEvent(new Event("visibilitychange")); stream.reconnects'
    # The tab was hidden for a moment: the connection is young enough to be trusted.
    assert page.value(awake) == 0
    # It slept for a minute: whatever the socket says, nothing was heard. In one step, since the
    # client itself looks every five seconds.
    assert page.value(f"stream.since -= 60000; {awake}") == 1
    assert page.value("states") == [False]
    page.wait("stream.isLive")
    running.cycle(overview={"rows": [3]})
    page.wait("stream.panels.overview.rows[0] === 3")
    assert page.value("stream.losses") == 0
    page.value("stream.close()")
    running.serving.end()
