"""Sources of market data: the provider, its abilities, its record, and the gate to it."""

from g6.ports.sources.abilities import (
    NO_ABILITIES,
    Abilities,
    Account,
    InstrumentDumps,
    InterestLearner,
    RecordedMarket,
    StampedUnits,
    StreamFollower,
    abilities_of,
)
from g6.ports.sources.candles import FUTURE, SPOT, VIX, Candles
from g6.ports.sources.gate import Gate
from g6.ports.sources.provider import Provider
from g6.ports.sources.source import Ability, Source, Surroundings

__all__ = [
    "FUTURE",
    "NO_ABILITIES",
    "SPOT",
    "VIX",
    "Abilities",
    "Ability",
    "Account",
    "Candles",
    "Gate",
    "InstrumentDumps",
    "InterestLearner",
    "Provider",
    "RecordedMarket",
    "Source",
    "StampedUnits",
    "StreamFollower",
    "Surroundings",
    "abilities_of",
]
