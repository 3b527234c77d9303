"""The reference client in a real browser: it follows, comes back after a restart, and ends where the server is."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.worlds.web.browser import Page, browser
from tests.worlds.web.web_stream import Running

pytestmark = [pytest.mark.services, pytest.mark.timeout(120)]

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
