"""`g6 mcp`: the studies as tools of a model."""

from __future__ import annotations

from functools import partial

import typer

from g6 import __version__
from g6.entrypoints.cli.shared.arguments import options


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("mcp")(mcp)


def mcp(
    *,
    data_dir: options.DataDir = None,
    config: options.Config = None,
    set_: options.Set = None,
) -> None:
    """Offer the studies as tools to a model that speaks MCP.

    It reads requests from standard input, and answers from stored rows alone: no tool writes, and
    none asks a provider. It needs the extra mcp.

    Example: g6 mcp --data-dir data
    """
    from g6.bootstrap.reading import study_readers
    from g6.entrypoints.machine.study_reading import reader
    from g6.entrypoints.web.study_answers import StudyAnswers
    from g6.entrypoints.web.study_tools import run_tools

    settings = options.settings(config, set_, data_dir=data_dir)
    answers = StudyAnswers(
        partial(reader, settings=settings),
        study_readers.market_time(settings),
        settings.interval,
    )
    run_tools(answers, __version__)
