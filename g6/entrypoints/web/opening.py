"""Opening the page: that of the running system, or of a data directory alone."""

from __future__ import annotations

import asyncio
import json
import threading
import webbrowser
from collections.abc import Callable
from contextlib import suppress
from http.client import HTTPConnection, HTTPException

import uvicorn
from starlette.types import ASGIApp

from g6.adapters.data_dir.owner import owner
from g6.bootstrap.reading import study_readers
from g6.config import Settings
from g6.entrypoints.web.apps import directory_app
from g6.entrypoints.web.auth import LOOPBACK_HOSTS, Guard, guarded
from g6.entrypoints.web.page.page_files import PageFacts
from g6.entrypoints.web.serving import bind
from g6.entrypoints.web.study_answers import StudyAnswers, import_ahead

__all__ = ["open_page", "page_app", "page_port", "running_page", "serve_directory"]

ReaderOf = Callable[[str], object]
"""Returns the reader of a kind, as studies name it."""
LOOPBACK = "127.0.0.1"
ANYWHERE = frozenset({"0.0.0.0", "::", ""})  # noqa: S104 - addresses that are compared, not bound
PATIENCE_SECONDS = 2.0
"""How long a server may take to say who it is."""


def running_page(settings: Settings) -> str:
    """Return the address of the page of the system that runs in the data directory.

    It is empty where none runs, or where its server does not answer as a page of G6 does.
    """
    port = settings.serve.web_port
    if not port or owner(settings.directory) is None:
        return ""
    host = settings.serve.host
    if host in ANYWHERE:
        host = LOOPBACK
    if not _has_stream(host, port):
        return ""
    return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"


def _has_stream(host: str, port: int) -> bool:
    """Tell whether a page of G6 with an event stream is served there."""
    connection = HTTPConnection(host, port, timeout=PATIENCE_SECONDS)
    try:
        connection.request("GET", "/page/facts.json")
        facts = json.loads(connection.getresponse().read())
    except (OSError, HTTPException, ValueError):
        return False
    finally:
        connection.close()
    return isinstance(facts, dict) and facts.get("stream") is True


def open_page(address: str) -> None:
    """Open an address in the person's browser, where there is one."""
    # A machine without a browser raises nothing and opens nothing: the address is printed anyway.
    with suppress(webbrowser.Error):
        webbrowser.open(address)


def page_port(settings: Settings, named: int | None) -> tuple[int, str]:
    """Return the port of a directory's page, and the option or setting that names it.

    A configuration file names the port of its system, which another directory's page would take:
    only `--set` and the environment count. 0 takes a free one.
    """
    if named is not None:
        return named, "--port"
    origin = settings.origin("serve.web_port")
    if origin == "command line" or origin.startswith("env "):
        return settings.serve.web_port, "serve.web_port"
    return 0, "--port"


def page_app(settings: Settings, reader_of: ReaderOf) -> ASGIApp:
    """Return the page over a data directory, logged and guarded as that of a running system.

    Args:
        settings: The configuration.
        reader_of: Returns the reader of a kind.

    Raises:
        NothingToDo: The directory is not there.
    """
    # Asked once before the start: a directory that is not there is said here and not in the page.
    reader_of("stored")
    answers = StudyAnswers(
        reader_of,
        study_readers.market_time(settings),
        settings.interval,
        study_readers.certificate_names(settings.directory),
    )
    facts = PageFacts(
        stream=False,
        interval=settings.interval,
        wall_interval=settings.wall_interval,
        indices=tuple(settings.indices),
    )
    app = directory_app(answers, study_readers.wall_clock().wall, facts)
    return guarded(app, Guard(hosts=LOOPBACK_HOSTS))


def serve_directory(
    settings: Settings,
    named: int | None,
    reader_of: ReaderOf,
    *,
    announce: Callable[[str], None],
    opens: bool,
) -> None:
    """Serve the page over a data directory, on the loopback, until Ctrl-C.

    Args:
        settings: The configuration.
        named: The port that was named, 0 for a free one, None where none was.
        reader_of: Returns the reader of a kind.
        announce: Gets the line with the address.
        opens: Whether a browser is opened.

    Raises:
        NothingToDo: The directory is not there.
        Unavailable: The port is taken.
    """
    app = page_app(settings, reader_of)
    with bind(LOOPBACK, *page_port(settings, named)) as listening:
        address = f"http://{LOOPBACK}:{listening.getsockname()[1]}/"
        announce(f"page on {address}, of {settings.directory}; Ctrl-C stops")
        threading.Thread(target=import_ahead, daemon=True, name="imports").start()
        if opens:
            open_page(address)
        server = uvicorn.Server(
            uvicorn.Config(app, log_config=None, access_log=False, lifespan="off")
        )
        with suppress(KeyboardInterrupt):
            asyncio.run(server.serve([listening]))
