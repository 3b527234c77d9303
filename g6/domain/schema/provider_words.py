"""The words in which facts of a provider are written: its requests, its stream, what it lists."""

from __future__ import annotations

from enum import StrEnum

__all__ = [
    "BreakerState",
    "ContractFault",
    "Endpoint",
    "LossReason",
    "ProviderMode",
    "RateFamily",
    "RequestOutcome",
    "RetryReason",
]


class ContractFault(StrEnum):
    """Why a listed contract was left out of a cycle, or put where its symbol says."""

    WRONG_EXPIRY = "wrong_expiry"
    FOREIGN = "foreign"
    SALVAGED = "salvaged"
    EXPIRED = "expired"


class ProviderMode(StrEnum):
    """The kind of market that is collected, `fallback` while a second provider serves."""

    LIVE = "live"
    SIM = "sim"
    REPLAY = "replay"
    FALLBACK = "fallback"


class BreakerState(StrEnum):
    """The state of the circuit breaker that all workers share."""

    CLOSED = "closed"
    HALF_OPEN = "half-open"
    OPEN = "open"


class RateFamily(StrEnum):
    """Endpoints that share one sequence of request slots."""

    QUOTE = "quote"
    HISTORICAL = "historical"
    OTHER = "other"


class Endpoint(StrEnum):
    """An endpoint of the provider that a collection asks."""

    INSTRUMENTS = "instruments"
    QUOTE = "quote"
    HISTORICAL = "historical"


class RequestOutcome(StrEnum):
    """How a request to the provider ended."""

    OK = "ok"
    BUSY = "busy"
    REFUSED = "refused"


class RetryReason(StrEnum):
    """Why a request to the provider was made again."""

    RATE_LIMIT = "rate_limit"
    TIMEOUT = "timeout"
    NETWORK = "network"
    SERVER = "server"
    PROVIDER = "provider"


class LossReason(StrEnum):
    """Why a connection of the tick stream was lost."""

    MUTE = "mute"
    QUIET = "quiet"
    DROPPED = "dropped"
