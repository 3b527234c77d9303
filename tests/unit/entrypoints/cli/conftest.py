"""The command line in a directory of its own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from g6.adapters.parquet import ParquetStore
from g6.config import calendar, load, plan
from g6.domain.cycles.cycle import Unit
from g6.domain.documents.chain_rows import chain_frame
from g6.domain.figures import overview
from g6.domain.market.expiry import resolve
from g6.domain.pricing.assembly import assemble
from g6.domain.quotes.quotes import Stamp
from g6.domain.schema.frame import Frame
from g6.entrypoints.cli import main
from g6.entrypoints.cli.shared import terminal
from g6.simulation import SimulatedMarket


class Answer(NamedTuple):
    """What a command left: exit code and both streams."""

    code: int
    out: str
    err: str


Run = Callable[..., Answer]


@pytest.fixture
def g6(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(
        terminal, "plain_in_c_locale", lambda: None
    )  # the answers are compared as they are in UTF-8

    def run(*arguments: str) -> Answer:
        code = main(arguments)
        return Answer(code, *capsys.readouterr())

    return run


STORED_CYCLES = ("2026-11-18T05:30:00Z", "2026-11-18T05:33:00Z")


class Stored(NamedTuple):
    """A data directory and the chains in it, by cycle."""

    directory: Path
    frames: dict[str, Frame]


@pytest.fixture(scope="session")
def stored(tmp_path_factory: pytest.TempPathFactory) -> Stored:
    """Two cycles of FINNIFTY's nearest expiry, as the pipeline stores them."""
    directory = tmp_path_factory.mktemp("store")
    store, market, exchange = ParquetStore(directory), SimulatedMarket(calendar()), "NSE"
    frames = {}
    for cycle in STORED_CYCLES:
        unit = Unit(cycle, "FINNIFTY")
        listing = market.listing(unit.index, unit.instant)
        found = resolve(
            listing.contracts.expiries,
            unit.instant,
            calendar(),
            exchange,
            ("this_month",),
            underlying=unit.index,
        )
        contracts = listing.contracts.of(found.slots[0].expiry)
        quotes = market.quotes(unit.index, contracts, unit.instant)
        day = found.slots[0].expiry.isoformat()
        fix = calendar().settlement_fix(exchange, found.slots[0].expiry).isoformat()
        decided = plan(load(None, {}))
        stamp = Stamp(
            cycle, unit.index, "c1", decided.pricing, decided.quality, found.slots, {"this_month": day}, 4,
            {day: len(contracts)}, {day: fix}, {day: fix},
        )  # fmt: skip
        chain = assemble(quotes, stamp)
        frames[cycle] = chain_frame(chain)
        store.write_chain(unit, frames[cycle])
        store.write_overview(cycle, [overview.summarise(chain)])
    return Stored(directory, frames)
