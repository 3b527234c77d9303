"""What reads bytes of others: each reader with inputs that are right, from which wrong ones are made."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np

from g6.adapters.kite.dump_parsing import of_interest, parse_dump
from g6.adapters.kite.quote_parsing import option_fields
from g6.adapters.kite.ticker import stream_frames
from g6.adapters.kite.ticker.socket import type_of_text
from g6.adapters.kite.ticker.tick_board import TickBoard
from g6.adapters.parquet import reading
from g6.adapters.parquet.columns import CHAIN_SCHEMA
from g6.adapters.redis.frames import _frame, encode
from g6.config import load, record
from g6.domain.cycles.cycle import Unit
from g6.domain.schema.frame import Frame, FrameName
from g6.errors import G6Error

ROOT = Path(__file__).resolve().parents[3]
DAY = date(2026, 11, 18)
CANARY = "c4n4ry7k2m9x5b8w3q6z"
SECRET_VARIABLES = {
    "KITE_API_SECRET": CANARY,
    "G6_SERVE__TOKEN": CANARY,
    "G6_REDIS__BROKER_URL": f"redis://:{CANARY}@127.0.0.1:6379/0",
}
"""What is set beside a wrong configuration, and may stand in no error about it."""
HEAD = (
    "instrument_token,exchange_token,tradingsymbol,name,last_price,expiry,strike,tick_size,lot_size,"
    "instrument_type,segment,exchange\n"
)


@dataclass(frozen=True, slots=True)
class Target:
    """One reader.

    Attributes:
        name: What it reads.
        share: Its share of a million inputs.
        seeds: Right inputs.
        read: Reads one input. It may raise what `refuses` names, and nothing else.
        refuses: The errors that are an answer.
    """

    name: str
    share: int
    seeds: Sequence[bytes]
    read: Callable[[bytes], object]
    refuses: tuple[type[Exception], ...] = (G6Error,)


def packets() -> list[bytes]:
    """Return frames of Kite's stream: each kind of packet alone, all together, a heartbeat."""
    tokens = (256265, 10001 << 8 | 2, 9 << 8 | 9)
    each = [
        struct.pack(">I", tokens[at % 3]) + bytes(range(1, length - 3)) if length < 256 else b""
        for at, length in enumerate(stream_frames.PACKETS)
    ]
    frames = [struct.pack(">HH", 1, len(packet)) + packet for packet in each]
    together = b"".join(struct.pack(">H", len(packet)) + packet for packet in each)
    return [*frames, struct.pack(">H", len(each)) + together, b"\x00"]


def reader_of_packets() -> Callable[[bytes], object]:
    """Return what reads a frame into a board, and now and then takes the changes out."""
    board = TickBoard()
    board.add("NIFTY", {"NIFTY 50": 256265, "A": 10001 << 8 | 2, "B": 9 << 8 | 9}, 0)

    def read(payload: bytes) -> object:
        board.read(payload, 1.8e9)
        # What goes on to the cache is read as well.
        return board.take() if len(payload) % 7 == 0 else type_of_text(payload)

    return read


def dumps() -> list[bytes]:
    """Return dumps of one exchange: thirty contracts, Kite's quoting and line ends."""
    rows = [
        f"{100 + at},{at},NIFTY26N24{24000 + 50 * at}{kind},{quote}NIFTY{quote},0.0,2026-11-24,"
        f"{24000 + 50 * at},0.05,65,{kind},NFO-OPT,NFO"
        for at in range(15)
        for kind in ("CE", "PE")
        for quote in ('"' if at % 2 else "",)
    ]
    return [(HEAD + "\n".join(rows) + "\n").encode(), (HEAD + "\r\n".join(rows) + "\r\n").encode()]


def read_dump(raw: bytes) -> object:
    """Read a dump as a collector does: what is of interest, then its contracts."""
    return parse_dump(of_interest(raw), "NFO", DAY)


def configurations() -> list[bytes]:
    """Return configuration files."""
    names = ("config/g6_config.json", "config/wide.json")
    return [(ROOT / name).read_bytes() for name in names]


def quotes() -> list[bytes]:
    """Return an answer about one option."""
    level = {"price": 101.5, "quantity": 75, "orders": 2}
    answer = {
        "instrument_token": 1, "timestamp": "2026-11-18 11:00:00", "last_price": 101.5,
        "last_trade_time": "2026-11-18 10:59:59", "volume": 5, "oi": 7, "average_price": 100.0,
        "ohlc": {"open": 1, "high": 2, "low": 1, "close": 1.5},
        "depth": {"buy": [level] * 5, "sell": [level] * 5},
    }  # fmt: skip
    return [json.dumps(answer).encode()]


def read_quote(raw: bytes) -> object:
    """Read an answer that came through a parser of JSON, as an object."""
    with suppress(ValueError, RecursionError):
        answer = json.loads(raw)
        if isinstance(answer, dict):
            return option_fields(answer)
    return None


def frames() -> list[bytes]:
    """Return frames as they wait in Redis."""
    columns = {
        "strike": np.arange(40.0), "symbol": np.array(["A", "B"] * 20), "oi": np.full(40, np.nan),
    }  # fmt: skip
    return [bytes(encode(Frame({"index": "NIFTY", "spot": 1.5}, columns)))]


def read_frame(raw: bytes) -> object:
    """Read a frame and each of its columns as a stage does."""
    frame = _frame(raw, Unit("2026-11-18T05:30:00Z", "NIFTY"), FrameName.CHAIN)
    return dict(frame.columns)


def parquet_files() -> list[bytes]:
    """Return stored chains, small enough that many of their bytes are footers and headers."""
    paths = sorted((ROOT / "tests/data/store/chain").rglob("*.parquet"))
    return [path.read_bytes() for path in sorted(paths, key=lambda path: path.stat().st_size)[:2]]


def refuse_secret(text: str) -> None:
    """Fail where a text shows the secret."""
    assert CANARY not in text, text


@contextmanager
def targets(place: Path) -> Iterator[list[Target]]:
    """Give every reader. What reads files is given one at a time, below a place."""

    def read_configuration(raw: bytes) -> object:
        path = place / "g6_config.json"
        path.write_bytes(raw)
        try:
            settings = load(path, environ=SECRET_VARIABLES)
        except G6Error as error:
            refuse_secret(f"{error} {error.__dict__}")
            raise
        refuse_secret(f"{settings!r} {record(settings)}")
        return settings

    def read_parquet(raw: bytes) -> object:
        path = place / "part.parquet"
        path.write_bytes(raw)
        with suppress(G6Error):
            reading.part_header(path)
        return reading.read(path, CHAIN_SCHEMA)

    yield [
        Target("packets", 900_000, packets(), reader_of_packets(), ()),
        Target("quotes", 60_000, quotes(), read_quote, ()),
        Target("dumps", 15_000, dumps(), read_dump),
        Target("frames", 15_000, frames(), read_frame),
        Target("parquet", 5_000, parquet_files(), read_parquet),
        Target("configurations", 5_000, configurations(), read_configuration),
    ]
