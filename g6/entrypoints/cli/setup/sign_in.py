"""`g6 login`: from a person to an access token that every worker has."""

from __future__ import annotations

from typing import Annotated

import typer

from g6.entrypoints.cli.shared.arguments import options

RequestToken = Annotated[
    str | None,
    typer.Option(
        "--request-token",
        metavar="TOKEN",
        help="The token of the redirect, or its whole address; - reads standard input.",
    ),
]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("login")(login)


def login(
    *,
    request_token: RequestToken = None,
    headless: options.Headless = False,
    paste: options.Paste = False,
    port: options.CallbackPort = 5010,
    wait: options.WaitSeconds = 300.0,
    json_: options.Json = False,
    data_dir: options.DataDir = None,
    config: options.Config = None,
    set_: options.Set = None,
) -> None:
    """Get today's access token for Kite.

    Running workers take it up by themselves.

    Example: g6 login --request-token https://127.0.0.1:5010/?request_token=…
    """
    from g6.entrypoints.cli.shared.login_ways import LoginWay, sign_in

    settings = options.settings(config, set_, data_dir=data_dir, provider="kite")
    sign_in(
        settings,
        LoginWay(request_token, headless or settings.provider.headless, paste, port, wait),
        as_json=json_,
    )
