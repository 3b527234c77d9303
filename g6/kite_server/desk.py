"""Everything one server knows, built from its options."""

from __future__ import annotations

from dataclasses import dataclass

from g6.domain.market.calendar import Calendar
from g6.errors import BadConfig
from g6.kite_server.board import Board
from g6.kite_server.catalogue import Catalogue, Shelf, read_rows
from g6.kite_server.clock import MovableClock
from g6.kite_server.faults import Fault, Faults, parse
from g6.kite_server.logins import Credentials, Logins
from g6.kite_server.options import Options
from g6.kite_server.payloads import SHAPES
from g6.kite_server.quota import Quota
from g6.kite_server.source import SimulatedSource, Source
from g6.simulation import Faults as MarketFaults
from g6.simulation import SimulatedMarket

LOOPBACK = ("127.0.0.1", "localhost", "::1")


@dataclass
class Desk:
    """The state that HTTP, WebSocket and control share."""

    options: Options
    clock: MovableClock
    logins: Logins
    quota: Quota
    faults: Faults
    source: Source
    board: Board
    index_depth: str = "null"
    callback: str = ""

    def strike(self, new: Fault) -> Fault:
        """Switch a fault on, or do it where it is done at once."""
        if new.name == "flush":
            self.logins.flush()
            return new
        return self.faults.add(new, self.clock.market())

    def catalogue(self) -> Catalogue:
        """Return the instruments in force."""
        return self.board.shelf.at(self.clock.market())


def desk(options: Options, calendar: Calendar) -> Desk:
    """Return the state of a server that begins. Errors: BadConfig, BadInput."""
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
    source = _source(options, calendar)
    clock = MovableClock(options.start, options.speed)
    faults = Faults()
    shelf = Shelf(source, read_rows(options.dump) if options.dump else [])
    credentials = Credentials.read(options.credentials) if options.credentials else Credentials()
    made = Desk(
        options,
        clock,
        Logins(credentials, clock, options.flush_at, options.renewable),
        Quota(),
        faults,
        source,
        Board(source, shelf, calendar, clock, faults),
        options.index_depth,
        options.callback,
    )
    for text in options.faults:
        made.strike(parse(text))
    return made


def _source(options: Options, calendar: Calendar) -> Source:
    if options.recording is None:
        return SimulatedSource(
            SimulatedMarket(
                calendar, seed=options.seed, faults=MarketFaults.parse(options.market_faults)
            )
        )
    from g6.adapters.replay import Recording
    from g6.kite_server.recorded import RecordedSource

    return RecordedSource(Recording.open(options.recording, closes=calendar.close_of))
