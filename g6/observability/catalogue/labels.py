"""The labels of metrics, with the values that each may have."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from g6.domain.documents.listener_backlog import BacklogTransition
from g6.domain.documents.stream_events import StreamEventType
from g6.domain.schema.layout import Folder, Kind
from g6.domain.schema.provider_words import (
    BreakerState,
    ContractFault,
    Endpoint,
    LossReason,
    ProviderMode,
    RateFamily,
    RequestOutcome,
    RetryReason,
)
from g6.domain.schema.words import (
    Bucket,
    DropReason,
    Flag,
    IvStatus,
    QueueName,
    QuoteSource,
    Reason,
    SinkName,
    Stage,
    Status,
    WriteReason,
)

OTHER = "other"
ALL = "all"


@dataclass(frozen=True, slots=True)
class Label:
    """A label with the values that are known beforehand.

    Attributes:
        values: Those values. `index` knows the configured ones, and `all` for a whole cycle.
        room: How many distinct values it may take. What comes after is counted as `other`. What
            no heartbeat tells any more makes room: a worker, a beat, a host.
    """

    name: str
    values: tuple[str, ...] = ()
    room: int = 0

    @property
    def size(self) -> int:
        """The most values it has, `other` included."""
        return max(self.room, len(self.values)) + 1


LABELS: Mapping[str, Label] = MappingProxyType(
    {
        label.name: label
        for label in (
            Label("index"),
            Label("status", tuple(Status)),
            Label("stage", tuple(Stage)),
            Label("bucket", tuple(Bucket), 8),
            Label("expiry", tuple(Bucket), 8),
            Label("exchange", ("NSE", "BSE")),
            Label("cause", tuple(reason for reason in Reason if reason.ends_units)),
            Label("iv_reason", tuple(status for status in IvStatus if status.is_unavailable)),
            Label("quality", tuple(flag.word for flag in Flag)),
            Label("contract_reason", tuple(ContractFault)),
            Label("write_reason", tuple(WriteReason)),
            Label("drop", tuple(DropReason)),
            Label("source", tuple(source for source in QuoteSource if source.is_collected)),
            Label("provider", (), 4),
            Label("endpoint", tuple(Endpoint)),
            Label("outcome", tuple(RequestOutcome)),
            Label("retry", tuple(RetryReason)),
            Label("mode", tuple(ProviderMode)),
            Label("breaker", tuple(BreakerState)),
            Label("family", tuple(RateFamily)),
            Label("connection", ("0", "1", "2")),
            Label("loss", tuple(LossReason)),
            Label("sink", tuple(SinkName), 5),
            Label("kind", (*Kind, Folder.PANELS, "other")),
            Label("queue", tuple(QueueName)),
            Label("bus", ("events",)),
            Label("subscriber", ("recorder",), 4),
            Label("expiry_day", (), 8),
            Label("strike", (), 400),
            Label("side", ("CE", "PE")),
            Label("worker", (), 32),
            Label("host", (), 8),
            Label("beat", (), 8),
            Label("task", tuple(Stage)),
            Label("key", (), 16),
            Label("stream_event", tuple(StreamEventType)),
            Label("snapshot", ("connected", "resync", "replay", "lost", "slow")),
            Label("reconnect", ("connection", "epoch", "not_whole")),
            Label("trace_stage", ("publish", "serialize", "flush", "applied")),
            Label("refusal", ("auth", "address", "agent", "host", "rate")),
            Label("backpressure", ("warn", "degrade", "drop", "replay_failed")),
            Label("transition", tuple(BacklogTransition)),
            Label("version", (), 1),
            Label("git_commit", (), 1),
            Label("config_hash", (), 1),
            Label("build_time", (), 1),
        )
    }
)
"""Labels by key.

A family's label `reason=cause` is shown as `reason` and takes the values of `cause`.
"""


def label_name(label: str) -> str:
    """Return the name a family's label has on /metrics: `reason` for `reason=cause`."""
    return label.partition("=")[0]


def label_key(label: str) -> str:
    """Return the key in LABELS of a family's label: `cause` for `reason=cause`."""
    return label.rpartition("=")[2]
