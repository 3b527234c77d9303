"""The protocols of everything that the use cases need from outside, in the market's words.

An instant is an aware datetime in UTC (market time) or a float of epoch seconds (`wall`, wall
time). Each port has one contract suite that runs over all its adapters. Adapters raise the errors
of `g6.errors` only.
"""

from g6.ports.bus import Bus, Event
from g6.ports.chain_memories import ChainMemories
from g6.ports.clock import Clock, InstantFeed, MarketStart
from g6.ports.controls import Controls
from g6.ports.frames import Frames
from g6.ports.ledger import (
    RERUN_TASK,
    Claim,
    CycleRecord,
    Ledger,
    Opening,
    UnitEnd,
    UnitRecord,
)
from g6.ports.lifeline import Lifeline
from g6.ports.limiter import Limiter
from g6.ports.panels import PanelArchive, PanelStore
from g6.ports.quote_cache import QuoteCache
from g6.ports.sender import Sender
from g6.ports.shared_cache import SharedCache
from g6.ports.sinks import AlarmChannel, AlarmLog, Outbox, Sink, SpanSink
from g6.ports.sources import Gate, Provider
from g6.ports.store import Store, WriteReport
from g6.ports.vitals import Vitals

__all__ = [
    "RERUN_TASK",
    "AlarmChannel",
    "AlarmLog",
    "Bus",
    "ChainMemories",
    "Claim",
    "Clock",
    "Controls",
    "CycleRecord",
    "Event",
    "Frames",
    "Gate",
    "InstantFeed",
    "Ledger",
    "Lifeline",
    "Limiter",
    "MarketStart",
    "Opening",
    "Outbox",
    "PanelArchive",
    "PanelStore",
    "Provider",
    "QuoteCache",
    "Sender",
    "SharedCache",
    "Sink",
    "SpanSink",
    "Store",
    "UnitEnd",
    "UnitRecord",
    "Vitals",
    "WriteReport",
]
