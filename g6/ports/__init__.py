"""The protocols: everything the use cases need from outside, in the market's words.

Instants are aware datetimes in UTC (market time) or float epoch seconds (`wall`, wall time). Every port has a contract test that
runs over all its adapters. Adapters raise the errors of `g6.errors` only.
"""

from g6.ports.keeping import ChainMemories, Frames, PanelArchive, PanelStore, Store, WriteReport
from g6.ports.market import Clock, Provider, QuoteCache
from g6.ports.system import Bus, Controls, Event, Gate, Lifeline, Limiter, SharedCache, Vitals
from g6.ports.work import Claim, CycleRecord, Ledger, Opening, Sender, StageState, UnitRecord

__all__ = [
    "Bus",
    "ChainMemories",
    "Claim",
    "Clock",
    "Controls",
    "CycleRecord",
    "Event",
    "Frames",
    "Gate",
    "Ledger",
    "Lifeline",
    "Limiter",
    "Opening",
    "PanelArchive",
    "PanelStore",
    "Provider",
    "QuoteCache",
    "Sender",
    "SharedCache",
    "StageState",
    "Store",
    "UnitRecord",
    "Vitals",
    "WriteReport",
]
