"""`g6 live`: one command from the morning's login to the evening's summary."""

from __future__ import annotations

from typing import Annotated

import typer

from g6.entrypoints.cli.run.start import Anyway
from g6.entrypoints.cli.shared import options

Headless = Annotated[
    bool,
    typer.Option(
        "--headless", help="No browser and no questions: KITE_REQUEST_TOKEN, or a look-alike."
    ),
]
Paste = Annotated[
    bool,
    typer.Option(
        "--paste", help="Show the login page's address and ask for the one you are sent to."
    ),
]
CallbackPort = Annotated[
    int,
    typer.Option(
        "--port", metavar="N", help="Port of your registered redirect URL; 0 takes a free one."
    ),
]
WaitSeconds = Annotated[
    float, typer.Option("--wait", metavar="SECONDS", help="Seconds to wait for the browser.")
]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("live")(live)


def live(
    *,
    interval: options.Interval = None,
    indices: options.Indices = None,
    provider: options.ProviderName = None,
    headless: Headless = False,
    paste: Paste = False,
    port: CallbackPort = 5010,
    wait: WaitSeconds = 300.0,
    data_dir: options.DataDir = None,
    mix: options.Mix = False,
    anyway: Anyway = False,
    no_banner: options.NoBanner = False,
    config: options.Config = None,
    set_: options.Set = None,
) -> None:
    """Collect one live day, from login to the evening's summary.

    It logs in if needed, checks, waits for the open, and sums up in the evening.

    Example: g6 live --paste
    """
    settings = options.settings(
        config,
        set_,
        data_dir=data_dir,
        interval=interval,
        indices=indices,
        provider=provider,
        no_banner=no_banner,
    )
    # Without a live provider in the configuration it is the one that G6 is made for.
    if provider is None and not settings.source.is_live:
        settings = options.settings(
            config,
            set_,
            data_dir=data_dir,
            interval=interval,
            indices=indices,
            provider="kite",
            no_banner=no_banner,
        )
    from g6.entrypoints.cli.run.live_day import collect_day
    from g6.entrypoints.cli.shared.login_ways import LoginWay

    way = LoginWay(None, headless or settings.provider.headless, paste, port, wait)
    collect_day(settings, way, mix=mix, anyway=anyway)
