"""`g6 live`: one command from the morning's login to the evening's summary."""

from __future__ import annotations

from functools import partial

import typer

from g6.entrypoints.cli.run.start import Anyway
from g6.entrypoints.cli.shared.arguments import options


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("live")(live)


def live(
    *,
    interval: options.Interval = None,
    indices: options.Indices = None,
    provider: options.ProviderName = None,
    headless: options.Headless = False,
    paste: options.Paste = False,
    port: options.CallbackPort = 5010,
    wait: options.WaitSeconds = 300.0,
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
    read = partial(options.settings, config, set_, data_dir=data_dir, no_banner=no_banner)
    settings = read(interval=interval, indices=indices, provider=provider)
    # Without a live provider in the configuration it is the one that G6 is made for.
    if provider is None and not settings.source.is_live:
        settings = read(interval=interval, indices=indices, provider="kite")
    from g6.entrypoints.cli.run.live_day import collect_day
    from g6.entrypoints.cli.shared.login_ways import LoginWay

    way = LoginWay(None, headless or settings.provider.headless, paste, port, wait)
    collect_day(settings, way, mix=mix, anyway=anyway)
