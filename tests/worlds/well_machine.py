"""The facts of a machine on which nothing is wrong."""

from __future__ import annotations

from datetime import date

from g6.domain.documents.machine_facts import (
    CalendarHealth,
    DirectoryHealth,
    DriverHealth,
    DumpHealth,
    MachineFacts,
    OwnCode,
    RedisHealth,
)
from g6.domain.reports import LoginFacts, VitalSigns
from g6.domain.reports.heartbeat import ProcessFacts, WorkerFacts

NOW = 1_000_000.0
REDIS = RedisHealth("redis://127.0.0.1:6379/0", "", "", "noeviction", appendonly=True)
VITALS = VitalSigns(
    queues={"collect": 0, "persist": 1, "unreadable": 0},
    workers={"all@a": WorkerFacts(1, "a", NOW, ("collect", "persist"), version="0.1.0", code="c1")},
    clock_skew_seconds={"a": 0.01},
    processes=(ProcessFacts("beat", 2, "a", NOW), ProcessFacts("serve", 3, "a", NOW)),
    oldest_sent={"persist": NOW - 1.0},
)
WELL = MachineFacts(
    NOW,
    CalendarHealth(date(2026, 11, 18), frozenset({2025, 2026})),
    redis=REDIS,
    directory=DirectoryHealth("data", free_bytes=50e9),
    login=LoginFacts("valid", None, 36_000.0),
    vitals=VITALS,
    drivers=(DriverHealth("g6 up", 7, "a", "0.1.0"),),
    dumps=DumpHealth({"NFO": date(2026, 11, 18)}, date(2026, 11, 18)),
    own=OwnCode("a", "0.1.0", "c1"),
)
"""A machine on which nothing is wrong."""
