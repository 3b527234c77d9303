"""Debian's Chromium without a screen, driven over its own protocol: mouse, page and network."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from websockets.sync.client import ClientConnection, connect

PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "chromium-headless-shell")
WAIT_SECONDS = 90.0


class Page:
    """One page of a browser.

    Attributes:
        requests: The addresses that the page asked for, its own among them. What it holds itself
            (`data:`) is none.
        errors: What its scripts raised or wrote as errors.
    """

    def __init__(self, connection: ClientConnection) -> None:
        self.requests: list[str] = []
        self.errors: list[str] = []
        self._connection = connection
        self._ids = count(1)
        self._session = ""
        self._target = ""

    def open(self, address: str, width: int, height: int) -> None:
        """Load a page into a window of so many pixels, and wait until it is loaded."""
        self._session = ""
        if self._target:
            self.command("Target.closeTarget", targetId=self._target)
        self.requests.clear()
        self.errors.clear()
        self._target = self.command("Target.createTarget", url="about:blank")["targetId"]
        session = self.command("Target.attachToTarget", targetId=self._target, flatten=True)
        self._session = session["sessionId"]
        for domain in ("Page", "Network", "Runtime"):
            self.command(f"{domain}.enable")
        self.command(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=False,
        )
        self.command("Page.navigate", url=address)
        self._until("Page.loadEventFired")

    def value(self, expression: str) -> Any:
        """Return what an expression is, after its promise."""
        answer = self.command(
            "Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True
        )
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def wait(self, expression: str) -> None:
        """Wait until an expression is true."""
        self.value(
            "new Promise((done, late) => {"
            f"  const until = Date.now() + {1000 * WAIT_SECONDS};"
            "  (function look() {"
            f"    if ({expression}) done(true);"
            "    else if (Date.now() > until) late(new Error('it never was'));"
            "    else setTimeout(look, 50);"
            "  })();"
            "})"
        )

    def mouse(self, kind: str, x: float, y: float, **values: object) -> None:
        """Move the mouse, press or release its button, or turn its wheel."""
        self.command("Input.dispatchMouseEvent", type=f"mouse{kind}", x=x, y=y, **values)

    def command(self, method: str, **parameters: object) -> dict[str, Any]:
        """Return the browser's answer to a command."""
        number = next(self._ids)
        message = {"id": number, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        self._connection.send(json.dumps(message))
        while True:
            answer = self._received()
            if answer.get("id") == number:
                assert "error" not in answer, answer
                return dict(answer["result"])

    def _until(self, event: str) -> None:
        while self._received().get("method") != event:
            pass

    def _received(self) -> Mapping[str, Any]:
        message = json.loads(self._connection.recv(timeout=WAIT_SECONDS))
        match message.get("method"):
            case "Network.requestWillBeSent":
                address = message["params"]["request"]["url"]
                if not address.startswith("data:"):
                    self.requests.append(address)
            case "Runtime.exceptionThrown":
                self.errors.append(str(message["params"]["exceptionDetails"]))
            case "Runtime.consoleAPICalled" if message["params"]["type"] == "error":
                self.errors.append(str(message["params"]["args"]))
        return dict(message)


@contextmanager
def browser(directory: Path) -> Iterator[Page]:
    """Run Chromium with a profile below a directory. A test is skipped where there is none."""
    program = next(filter(None, map(shutil.which, PROGRAMS)), None)
    if program is None:
        pytest.skip("Chromium is not installed; make test-services installs it on Debian")
    command = [
        program,
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--no-first-run",
        "--disable-background-networking",
        "--remote-debugging-port=0",
        f"--user-data-dir={directory / 'profile'}",
    ]
    with subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stderr is not None
            address = next(
                line.split("listening on ")[1].strip()
                for line in process.stderr
                if "listening on " in line
            )
            with connect(address, max_size=None) as connection:
                yield Page(connection)
        finally:
            process.terminate()
