"""Flower beside one machine's system: `python -m g6.entrypoints.machine.flower_process`.

It listens on the loopback unless `flower.host` says otherwise, asks for a password, takes no
commands, and stores nothing. Celery's own `celery -A g6 flower` has none of these unless somebody
says so.
"""

from __future__ import annotations

import re
import secrets
import signal
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from g6 import files
from g6.adapters.redis.server import free_port
from g6.config import Settings, load
from g6.domain.cycles.cycle import parse_z
from g6.domain.market.calendar import IST
from g6.errors.extras import is_installed, missing
from g6.errors.memory_dumps import leave_no_core

if TYPE_CHECKING:
    from celery.events.state import Task

COLUMNS = "name,args,state,received,runtime,worker,uuid"
MOST_TASKS = 20_000
"""Tasks that it remembers: an hour of six indices at a cycle a second."""
FORGOTTEN_SECONDS = 600
OPEN_PAGES = frozenset({"/metrics"})
"""Pages that Flower 2.2 answers without a password, and that name workers and tasks.

`/healthcheck` stays: it says OK and nothing else.
"""
_UNIT = re.compile(r"'(\d{4}-\d\d-\d\dT[\d:.]+Z)'(?:, '(\w+)')?")


def flower_port(settings: Settings) -> int:
    """Return the port of Flower, a free one for port 0.

    Raises:
        Unavailable: Flower is not installed.
    """
    if not is_installed("flower"):
        raise missing("flower")
    return settings.flower.port or free_port()


def password_file(settings: Settings) -> Path:
    """Return where a password that was made is kept."""
    return settings.directory / "flower" / "password"


def password(settings: Settings) -> str:
    """Return the password that Flower asks for: the configured one, else one made for good.

    Raises:
        StoreBusy: The file of the password cannot be read or written.
    """
    if settings.flower.password is not None:
        return settings.flower.password.get_secret_value()
    path = password_file(settings)
    with files.refusals(path):
        if path.is_file():
            path.chmod(0o600)
            return path.read_text("utf-8").strip()
    made = secrets.token_urlsafe(24)
    files.replace(path, f"{made}\n".encode(), 0o600)
    return made


def readable_arguments(text: str) -> str:
    """Return a task's arguments with the index first and the cycle by India's clock.

    >>> readable_arguments("('2026-11-20T05:30:00Z', 'NIFTY')")
    'NIFTY 2026-11-20 11:00:00'
    >>> readable_arguments("(['2026-11-20T05:30:00Z', 'NIFTY'],)")
    'NIFTY 2026-11-20 11:00:00'
    >>> readable_arguments("()")
    ''
    """
    unit = _UNIT.search(text)
    if unit is None:
        return "" if text in {"()", "[]"} else text
    cycle, index = unit.groups()
    at = parse_z(cycle).astimezone(IST).strftime("%Y-%m-%d %H:%M:%S")
    return f"{index} {at}" if index else at


def format_task(task: Task) -> Task:
    """Return a copy of a task as Flower shows it."""
    task.args = readable_arguments(task.args or "")
    return task


def flower_options(settings: Settings) -> dict[str, object]:
    """Return what Flower is told, by the names of its options."""
    return {
        "address": settings.flower.host,
        "port": settings.flower.port,
        "basic_auth": [f"{settings.flower.user}:{password(settings)}"],
        "read_only": True,
        "persistent": False,
        "tasks_columns": COLUMNS,
        "format_task": format_task,
        "max_tasks": MOST_TASKS,
        "purge_offline_workers": FORGOTTEN_SECONDS,
    }


def main() -> None:
    """Run Flower until SIGTERM."""
    from flower.app import Flower
    from flower.options import default_options as options
    from flower.urls import handlers
    from flower.urls import settings as flower_settings

    from g6.entrypoints.workers.app import create_app

    leave_no_core()
    settings = load()
    for name, value in flower_options(settings).items():
        setattr(options, name, value)
    # Flower takes its list of pages from this module, and from nowhere else.
    handlers[:] = [entry for entry in handlers if _asks_for_password(entry)]
    page = Flower(capp=create_app(settings), options=options, **flower_settings)
    signal.signal(signal.SIGTERM, _stopper(page.io_loop.add_callback_from_signal, page.stop))
    signal.signal(signal.SIGINT, signal.getsignal(signal.SIGTERM))
    page.start_http_server()
    page.start()


def _asks_for_password(entry: object) -> bool:
    """Tell whether an entry of Flower's list of pages is to be served."""
    return not (isinstance(entry, tuple) and entry[0] in OPEN_PAGES)


def _stopper(call: Callable[..., object], stop: Callable[[], object]) -> Callable[..., None]:
    def handle(_number: int, _frame: object) -> None:
        call(stop)

    return handle


if __name__ == "__main__":
    main()
