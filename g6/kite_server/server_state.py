"""The state of one server, built from its options."""

from __future__ import annotations

from dataclasses import dataclass

from g6.domain.market.calendar import Calendar
from g6.domain.market.instrument import INVENTED
from g6.errors import BadConfig
from g6.kite_server.logins import AcceptedCredentials, Logins
from g6.kite_server.market.instrument_catalogue import Catalogue, CatalogueCache, read_rows
from g6.kite_server.market.market_source import MarketSource, SimulatedSource
from g6.kite_server.market.quote_board import QuoteBoard
from g6.kite_server.market.recorded_source import RecordedSource
from g6.kite_server.movable_clock import MovableClock
from g6.kite_server.payloads import SHAPES
from g6.kite_server.quota import Quota
from g6.kite_server.server_faults import Fault, ServerFaults, parse
from g6.kite_server.server_options import ServerOptions
from g6.simulation import MarketFaults, SimulatedMarket

LOOPBACK = ("127.0.0.1", "localhost", "::1")


@dataclass
class ServerState:
    """The state that HTTP, WebSocket and control share."""

    options: ServerOptions
    clock: MovableClock
    logins: Logins
    quota: Quota
    faults: ServerFaults
    source: MarketSource
    board: QuoteBoard
    index_depth: str = "null"
    callback: str = ""

    def switch_on(self, fault: Fault) -> Fault:
        """Switch a fault on. A flush happens at once instead."""
        if fault.name == "flush":
            self.logins.flush()
            return fault
        return self.faults.add(fault, self.clock.market())

    def catalogue(self) -> Catalogue:
        """Return the instruments in force."""
        return self.board.catalogues.at(self.clock.market())


def build_state(options: ServerOptions, calendar: Calendar) -> ServerState:
    """Return the state of a server that starts.

    Raises:
        BadConfig: The options would let anybody in, or name something unknown.
        BadInput: The dump, the recording or the credentials cannot be read.
    """
    if options.host not in LOOPBACK and options.credentials is None:
        raise BadConfig(
            f"on {options.host} anybody could ask as demo",
            "give --credentials FILE, or leave --host out",
        )
    if options.index_depth not in SHAPES:
        raise BadConfig(
            f"{options.index_depth!r} is no shape of an index's depth",
            f"one of {', '.join(SHAPES)}",
        )
    credentials = AcceptedCredentials()
    if options.credentials:
        credentials = AcceptedCredentials.read(options.credentials)
    source = _source(options, calendar)
    clock = MovableClock(options.start, options.speed)
    faults = ServerFaults()
    catalogues = CatalogueCache(source, read_rows(options.dump) if options.dump else [])
    state = ServerState(
        options,
        clock,
        Logins(credentials, clock, options.flush_at, options.renewable),
        Quota(),
        faults,
        source,
        QuoteBoard(source, catalogues, calendar, clock, faults),
        options.index_depth,
        options.callback,
    )
    for text in options.faults:
        state.switch_on(parse(text))
    return state


def _source(options: ServerOptions, calendar: Calendar) -> MarketSource:
    if options.recording is None:
        faults = MarketFaults.parse(options.market_faults)
        market = SimulatedMarket(calendar, seed=options.seed, faults=faults)
        return SimulatedSource(market, INVENTED[: options.invented])
    return RecordedSource.of(options.recording)
