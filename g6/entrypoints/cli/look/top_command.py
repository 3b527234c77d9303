"""`g6 top`: a running system on one screen, read-only."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from functools import partial
from queue import Empty
from typing import TYPE_CHECKING, Annotated

import typer

from g6.entrypoints.cli.shared.arguments import options

if TYPE_CHECKING:
    from g6.config import Settings
    from g6.domain.documents.board_facts import BoardFacts
    from g6.entrypoints.cli.look.top_feed import TopFeed
    from g6.entrypoints.cli.look.top_session import Ask, TopSession
    from g6.ports.readers import BoardReader

_IDLE_SECONDS = 60.0
"""The other thread wakes this one after each look. With a wait as long as between two looks the
screen was made twice for each."""

Url = Annotated[
    str,
    typer.Option(
        "--url", metavar="URL", help="Ask this g6 serve, such as http://127.0.0.1:9109, instead."
    ),
]
Every = Annotated[
    float, typer.Option("--every", metavar="SECONDS", min=0.2, help="Seconds between two looks.")
]
Plain = Annotated[
    bool, typer.Option("--plain", help="Print lines of what changed instead of a screen.")
]
Cycles = Annotated[
    int,
    typer.Option("--cycles", metavar="N", min=0, help="With lines: end after N cycles; 0: go on."),
]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("top")(top)


def top(
    *,
    url: Url = "",
    every: Every = 1.0,
    plain: Plain = False,
    cycles: Cycles = 0,
    data_dir: options.DataDir = None,
    config: options.Config = None,
    set_: options.Set = None,
) -> None:
    """Watch all indices and the system itself on one screen.

    Keys: arrows choose an index and go through stored cycles, Enter shows the chain around ATM,
    : goes to a study, / filters, ? explains, q quits. Nothing is changed. Where nothing runs it
    shows the stored rows. A pipe gets lines. The token of --url is serve.token.

    Example: g6 top --data-dir data/demo
    """
    from g6.bootstrap.reading.board_reading import board_reader
    from g6.bootstrap.reading.reading_place import reading_settings
    from g6.entrypoints.cli.shared.screen import terminal

    settings = reading_settings(options.settings(config, set_, data_dir=data_dir))
    reader = board_reader(settings, url)
    facts = reader.facts()
    console = terminal.console(settings)
    is_screen = sys.stdin.isatty() and sys.stdout.isatty() and not console.is_dumb_terminal
    if plain or not is_screen:
        _print_lines(reader, facts, every, cycles)
        return
    write = _writer(has_colours=not console.no_color, is_ascii=console.options.ascii_only)
    _show_screen(settings, reader, facts, every, write)


def _print_lines(reader: BoardReader, facts: BoardFacts, every: float, cycles: int) -> None:
    """Print each cycle's changed figures until somebody stops it, or so many cycles were there."""
    from g6.adapters.clocks import wait_by_the_wall
    from g6.errors import Retryable
    from g6.rendering.screens.top_lines import TopLines

    lines = TopLines()
    count = 0
    while True:
        news = lines.after(facts)
        for line in news:
            typer.echo(line)
        sys.stdout.flush()
        count += bool(news)
        if (cycles and count >= cycles) or not facts.is_running:
            return
        wait_by_the_wall(every)
        try:
            facts = reader.facts()
        except Retryable as error:
            typer.echo(f"g6: {' '.join(str(error).split())}", err=True)


def _show_screen(
    settings: Settings,
    reader: BoardReader,
    facts: BoardFacts,
    every: float,
    write: Callable[[TopSession], None],
) -> None:
    from g6.entrypoints.cli.look.top_feed import TopFeed
    from g6.entrypoints.cli.look.top_session import TopSession
    from g6.entrypoints.cli.shared.following import stoppable
    from g6.entrypoints.cli.shared.screen.keyboard import Keyboard, whole_screen

    session = TopSession(reader, _asking(settings, reader), facts)
    session.take(facts)
    stream = sys.stdin.fileno()
    keyboard = Keyboard(stream)
    feed = TopFeed(reader, every, keyboard.wake)
    with stoppable(), whole_screen(keyboard, stream):
        feed.start(facts)
        try:
            goes_on = True
            while goes_on:
                write(session)
                for key in keyboard.keys(_IDLE_SECONDS):
                    goes_on = goes_on and session.press(key)
                feed.chain_of = session.chain_of
                feed.seen_at = session.view.at
                _take(session, feed)
        finally:
            feed.stop()


def _take(session: TopSession, feed: TopFeed) -> None:
    """Take in what the other thread has read."""
    while True:
        try:
            news = feed.news.get_nowait()
        except Empty:
            return
        session.remember(news.reports)
        session.take(news.facts)
        if news.build_up is not None:
            index, word = news.build_up
            session.build_ups[index] = word
        session.past_build_ups.update(news.past)
        if news.strikes is not None and (news.index, news.cycle) == (
            session.view.index,
            session.cycle,
        ):
            session.strikes = news.strikes


def _writer(*, has_colours: bool, is_ascii: bool) -> Callable[[TopSession], None]:
    """Return what writes a session's screen over the one before."""
    from g6.rendering.screens.cells import CellScreen, painted

    before: CellScreen | None = None

    def write(session: TopSession) -> None:
        nonlocal before
        columns, rows = os.get_terminal_size(sys.stdout.fileno())
        screen = session.screen((columns, rows))
        if is_ascii:
            screen = screen.in_ascii()
        text = painted(screen, before, has_colours=has_colours)
        before = screen
        if text:
            sys.stdout.write(text)
            sys.stdout.flush()

    return write


def _asking(settings: Settings, reader: BoardReader) -> Ask:
    from g6.adapters.panel_server import ServedBoard
    from g6.bootstrap.reading.board_reading import StoredBoard
    from g6.entrypoints.cli.look.top_questions import asked_of_server, asked_of_settings

    if isinstance(reader, ServedBoard):
        return partial(asked_of_server, reader.server)
    if isinstance(reader, StoredBoard):
        # A running system may have another interval, market and directory than this shell.
        settings = reader.settings
    return partial(asked_of_settings, settings)
