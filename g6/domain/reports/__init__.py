"""The facts that the bus, the ledger and the recorder exchange, each frozen and with its JSON."""

from g6.domain.reports.alert import Alert, AlertRule
from g6.domain.reports.bus_flow import EventSelection, SubscriberPosition
from g6.domain.reports.cycle_report import CycleReport, GapClosed, GapOpened
from g6.domain.reports.events import (
    Event,
    EventMeta,
    Report,
    Unreadable,
    parse_report,
    place_on_bus,
)
from g6.domain.reports.heartbeat import (
    Heartbeat,
    ProcessFacts,
    RunningPlan,
    VitalSigns,
    WorkerFacts,
)
from g6.domain.reports.job_reports import (
    AbandonedFilesCleared,
    EventsDropped,
    FanoutReport,
    PanelsVerified,
    RecomputeReport,
    StorageFacts,
    StorageSizes,
    SubscriberCounts,
)
from g6.domain.reports.option_detail import OptionDetail
from g6.domain.reports.provider_facts import (
    ListingCounts,
    LoginFacts,
    ProviderFacts,
    ProviderState,
    RequestTally,
    StreamFacts,
)
from g6.domain.reports.stage import (
    AnalysisFacts,
    CollectCounts,
    StageFailure,
    StageReport,
    WriteReport,
)
from g6.domain.reports.state_facts import StateFacts
from g6.domain.reports.storing import (
    MissedSpan,
    OutboxEntry,
    OutboxState,
    SinkRefusal,
    SinkReport,
    StoreRefused,
)
from g6.domain.reports.switches import Switches

__all__ = [
    "AbandonedFilesCleared",
    "Alert",
    "AlertRule",
    "AnalysisFacts",
    "CollectCounts",
    "CycleReport",
    "Event",
    "EventMeta",
    "EventSelection",
    "EventsDropped",
    "FanoutReport",
    "GapClosed",
    "GapOpened",
    "Heartbeat",
    "ListingCounts",
    "LoginFacts",
    "MissedSpan",
    "OptionDetail",
    "OutboxEntry",
    "OutboxState",
    "PanelsVerified",
    "ProcessFacts",
    "ProviderFacts",
    "ProviderState",
    "RecomputeReport",
    "Report",
    "RequestTally",
    "RunningPlan",
    "SinkRefusal",
    "SinkReport",
    "StageFailure",
    "StageReport",
    "StateFacts",
    "StorageFacts",
    "StorageSizes",
    "StoreRefused",
    "StreamFacts",
    "SubscriberCounts",
    "SubscriberPosition",
    "Switches",
    "Unreadable",
    "VitalSigns",
    "WorkerFacts",
    "WriteReport",
    "parse_report",
    "place_on_bus",
]
