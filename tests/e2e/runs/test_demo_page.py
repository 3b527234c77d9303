"""`g6 demo --web` as a person starts it: its page opens and follows, and Ctrl-C ends all of it."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from tests.e2e.running import SMALL, World, clean_environment
from tests.waiting import eventually
from tests.worlds.web.browser import browser
from tests.worlds.web.ports import free_port

pytestmark = pytest.mark.services

FOLLOWS = (
    "window.g6 && g6.live.isFollowing && g6.live.cycle"
    " && document.querySelector('#board [data-key=NIFTY] [data-cell=spot]')"
)


def test_the_page_of_the_demo_opens_follows_and_ends_with_it(tmp_path: Path) -> None:
    opened = tmp_path / "opened"
    script = tmp_path / "browser.sh"
    script.write_text(f'#!/bin/sh\necho "$1" > {opened}\n', encoding="utf-8")
    script.chmod(0o755)
    world = World(tmp_path, clean_environment(BROWSER=f"{script} %s"))
    web = free_port()
    ports = ("--set", f"serve.web_port={web}", "--set", f"serve.metrics_port={free_port()}")
    demo = world.start_g6("demo", "--web", "--indices", "NIFTY", *SMALL, *ports)
    try:
        eventually(opened.exists, 90.0)
        address = opened.read_text(encoding="utf-8").strip()
        assert address == f"http://127.0.0.1:{web}/"
        assert address in demo.said
        with browser(tmp_path / "chromium") as page:
            page.open(address, 1024, 800)
            page.wait(FOLLOWS)
            page.value("window.first = g6.live.cycle; 0")
            page.wait("g6.live.cycle > first")
            assert page.errors == []
            page.wait("document.querySelectorAll('.panel.stale').length === 0")
            page.wait("document.getElementById('live').dataset.kind === 'live'")
            assert demo.ends(signal.SIGINT) == 0, demo.said
            page.wait("document.querySelector('#board.stale') !== null")
        world.is_left_alone()
    finally:
        world.end()
