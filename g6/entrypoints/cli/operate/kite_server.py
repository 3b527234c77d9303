"""`g6 kite-server`: a Kite Connect look-alike to develop and test against."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from g6.adapters.clocks import wall_time
from g6.config import calendar
from g6.domain.cycles.cycle import isoformat_z
from g6.domain.market.calendar import day_of
from g6.domain.market.instants import instant_of_days, instant_of_text
from g6.entrypoints.cli.shared.arguments import options
from g6.entrypoints.cli.shared.arguments.option_groups import spread
from g6.errors import BadConfig

if TYPE_CHECKING:
    from g6.kite_server import ServerAddresses, ServerOptions
    from g6.ports import Provider

PrintEnv = Annotated[
    bool,
    typer.Option(
        "--print-env", help="Write the variables that point G6 at this server, for a shell or .env."
    ),
]


@dataclass(frozen=True, slots=True)
class KiteServerOptions:
    """The options that say which market a look-alike serves, and how."""

    port: Annotated[
        int, typer.Option("--port", metavar="N", help="Port for HTTP; 0 takes a free one.")
    ] = 0
    ws_port: Annotated[
        int,
        typer.Option("--ws-port", metavar="N", help="Port for the WebSocket; 0 takes a free one."),
    ] = 0
    host: Annotated[
        str,
        typer.Option(
            "--host",
            metavar="ADDRESS",
            help="Address to listen on; beyond loopback with --credentials only.",
        ),
    ] = "127.0.0.1"
    start: Annotated[
        str | None,
        typer.Option(
            "--start",
            metavar="INSTANT",
            help="Market time to start at, such as 2026-11-20 11:02; else now.",
        ),
    ] = None
    speed: Annotated[
        float,
        typer.Option(
            "--speed", metavar="FACTOR", help="Market seconds per wall second; 0 stands still."
        ),
    ] = 1.0
    seed: Annotated[int, options.SEED] = 7
    invented: Annotated[
        int,
        typer.Option(
            "--invented",
            metavar="N",
            min=0,
            max=60,
            help="Serve the invented indices S01 to SN beside the others.",
        ),
    ] = 0
    recording: options.Recording = None
    replay: Annotated[
        str | None,
        typer.Option(
            "--replay",
            metavar="DAY",
            help="A stored day of the data directory, from its first cycle on.",
        ),
    ] = None
    data_dir: options.DataDir = None
    dump: Annotated[
        Path | None,
        typer.Option(
            "--dump",
            metavar="DIR|FILE",
            help="Instrument rows (CSV) to serve instead of the market's.",
        ),
    ] = None
    credentials: Annotated[
        Path | None,
        typer.Option(
            "--credentials",
            metavar="FILE",
            help="JSON with api_key and api_secret to accept instead of demo.",
        ),
    ] = None
    fault: Annotated[
        list[str] | None,
        typer.Option(
            "--fault",
            metavar="NAME[=VALUE][,count=N,…]",
            help="What goes wrong, such as 429,count=3; repeatable.",
        ),
    ] = None
    market_faults: Annotated[
        str,
        typer.Option(
            "--market-faults",
            metavar="WORDS",
            help="Faults of the simulated market, as in G6's own.",
        ),
    ] = ""
    flush_at: Annotated[
        str,
        typer.Option("--flush-at", metavar="HH:MM", help="When access tokens die, India's clock."),
    ] = "07:15"
    callback: Annotated[
        str,
        typer.Option("--callback", metavar="URL", help="Where the login page sends the browser."),
    ] = ""
    steady: Annotated[
        bool,
        typer.Option(
            "--steady", help="Every subscribed contract ticks each second, changed or not."
        ),
    ] = False
    renewable: Annotated[
        bool,
        typer.Option(
            "--renewable", help="Sessions carry a refresh token, as approved platforms have."
        ),
    ] = False
    index_depth: Annotated[
        str,
        typer.Option(
            "--index-depth",
            metavar="null|empty|zeros|missing",
            help="What an index's quote has for a book.",
        ),
    ] = "null"

    def server(self) -> ServerOptions:
        """Return the options of the server.

        Raises:
            UserError: The start is no instant.
            BadConfig: The time at which tokens die is none.
            BadInput: The recording cannot be read.
        """
        from g6.kite_server import ServerOptions

        recording: Provider | None
        start: datetime | None
        certificate = ""
        if self.replay is not None:
            recording, start, certificate = _stored_day(self.replay, self.data_dir, self.start)
        else:
            recording, start = _recorded(self.recording), _instant(self.start)
        return ServerOptions(
            host=self.host,
            port=self.port,
            ws_port=self.ws_port,
            start=start,
            speed=self.speed,
            seed=self.seed,
            invented=self.invented,
            market_faults=self.market_faults,
            faults=tuple(self.fault or ()),
            recording=recording,
            certificate=certificate,
            dump=self.dump,
            credentials=self.credentials,
            flush_at=_clock_time(self.flush_at),
            steady=self.steady,
            renewable=self.renewable,
            index_depth=self.index_depth,
            callback=self.callback,
        )


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("kite-server")(kite_server)


@spread
def kite_server(
    *, market: KiteServerOptions, print_env: PrintEnv = False, as_json: options.Json = False
) -> None:
    """Serve a simulated or recorded market as Kite Connect does.

    The client takes root= and nothing else. --replay DAY serves a day that G6 stored.

    Example: g6 kite-server --start 2026-11-20T04:05:00Z
    """
    import asyncio

    from g6.kite_server import serve

    server = market.server()
    keyless = market.credentials is None
    if print_env and not market.speed:
        raise BadConfig(
            "--speed 0: where the clock stands no cycle becomes due", "give a --speed above 0"
        )

    def ready(running: ServerAddresses) -> None:
        if print_env:
            typer.echo(pointing_lines(running, keyless=keyless))
            return
        where = {"root": running.root, "ws": running.ws, "control": running.control}
        typer.echo(json.dumps(where) if as_json else "\n".join(_lines(where, keyless=keyless)))

    asyncio.run(serve(server, calendar(), ready))


def pointing_lines(running: ServerAddresses, *, keyless: bool) -> str:
    """Return the variables that point G6 at a look-alike and its clock, as a shell reads them.

    `keyless`: it accepts demo credentials, so that nobody logs in.
    """
    origin = running.origin
    variables = {
        "G6_PROVIDER__NAME": "kite",
        "G6_PROVIDER__ROOT": running.root,
        "G6_PROVIDER__WS_ROOT": running.ws,
        "G6_MARKET__START": isoformat_z(origin.market),
        "G6_MARKET__ORIGIN": repr(origin.wall),
        "G6_MARKET__SPEED": f"{origin.speed:g}",
        # Rows of the demo and of a look-alike could not be told apart afterwards.
        "G6_DEMO_DIR": "data/look-alike",
    }
    if keyless:
        variables["G6_PROVIDER__TOKEN_PROVIDER"] = "fake"  # noqa: S105 - a choice
    lines = [f"export {name}={value}" for name, value in variables.items()]
    if not keyless:
        lines.append("# KITE_API_KEY and KITE_API_SECRET are those of --credentials")
    return "\n".join(lines)


def _lines(where: dict[str, str], *, keyless: bool) -> list[str]:
    demo = "accepts  api_key demo, access_token demo, request_token demo, api_secret demo"
    return [
        f"REST     {where['root']}       KiteConnect(api_key, root=…)",
        f"ticks    {where['ws']}         KiteTicker(api_key, access_token, root=…)",
        f"control  {where['control']}",
        *([demo] if keyless else []),
        "Ctrl-C ends it.",
    ]


def _instant(text: str | None) -> datetime | None:
    return None if text is None else instant_of_text(text, wall_time())


def _stored_day(
    text: str, data_dir: Path | None, start: str | None
) -> tuple[Provider, datetime, str]:
    """Return what answers from a stored day, when it begins, and what certifies it.

    A start without a day is of the stored one.

    Raises:
        BadInput: Nothing is stored of it.
    """
    from g6.bootstrap.quote_sources.sources import stored_market
    from g6.bootstrap.stored_files.directory_certificates import newest_certificate_link

    day = day_of(instant_of_text(text, wall_time()))
    settings = options.settings(data_dir=data_dir)
    provider = stored_market(settings.directory, day)
    certificate = newest_certificate_link(settings, day)
    name = "" if certificate is None else certificate.name
    if start is None:
        return provider, provider.recording.cycles()[0], name
    return provider, instant_of_days(start, wall_time(), day, day), name


def _recorded(path: Path | None) -> Provider | None:
    if path is None:
        return None
    # A recording brings pyarrow along, which a server of the simulated market does without.
    from g6.bootstrap.quote_sources.sources import recorded_day

    return recorded_day(path)


def _clock_time(text: str) -> time:
    try:
        return time.fromisoformat(text)
    except ValueError as error:
        raise BadConfig(f"--flush-at {text!r} is no time of day", "write it as 07:15") from error
