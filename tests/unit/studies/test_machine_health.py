"""The doctor finds every planted fault, names it, and says what mends it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from g6.domain.documents.machine_facts import DirectoryHealth, MachineFacts, RedisHealth
from g6.domain.reports import LoginFacts, VitalSigns
from g6.domain.reports.heartbeat import ProcessFacts, WorkerFacts
from g6.studies.checks.machine_health import HealthFinding, MachineHealth, findings

NOW = 1_000_000.0
REDIS = RedisHealth("redis://127.0.0.1:6379/0", "", "", "noeviction", appendonly=True)
VITALS = VitalSigns(
    queues={"collect": 0, "persist": 1, "unreadable": 0},
    workers={"all@a": WorkerFacts(1, "a", NOW, ("collect", "persist"))},
    clock_skew_seconds={"a": 0.01},
    processes=(ProcessFacts("beat", 2, "a", NOW), ProcessFacts("serve", 3, "a", NOW)),
    oldest_sent={"persist": NOW - 1.0},
)
WELL = MachineFacts(
    NOW,
    date(2026, 11, 18),
    2026,
    redis=REDIS,
    directory=DirectoryHealth("data", "", 50e9),
    login=LoginFacts("valid", None, 7200.0),
    vitals=VITALS,
)
"""A machine on which nothing is wrong."""


def wrong(facts: MachineFacts) -> list[HealthFinding]:
    return [finding for finding in findings(facts) if not finding.ok]


def test_a_machine_on_which_nothing_is_wrong_passes() -> None:
    document = MachineHealth(tuple(findings(WELL)))
    assert document.passes
    assert all(finding.fix == "" for finding in document.findings)


def _vitals(**changes: object) -> MachineFacts:
    return replace(WELL, vitals=replace(VITALS, **changes))


def _directory(**changes: object) -> MachineFacts:
    return replace(WELL, directory=replace(WELL.directory, **changes))


FAULTS = {
    "no redis": (replace(WELL, redis=RedisHealth()), "redis", "g6 up"),
    "redis away": (
        replace(WELL, redis=RedisHealth("redis://a", "refused", "start it")),
        "redis",
        "start it",
    ),
    "evicting redis": (
        replace(WELL, redis=replace(REDIS, maxmemory_policy="allkeys-lru")),
        "redis memory",
        "maxmemory-policy noeviction",
    ),
    "redis without a file": (
        replace(WELL, redis=replace(REDIS, appendonly=False)),
        "redis file",
        "appendonly yes",
    ),
    "directory of another": (
        _directory(trouble="cannot be written"),
        "data directory",
        "--data-dir",
    ),
    "full disk": (_directory(free_bytes=50e6), "disk", "g6 data size"),
    "open token": (_directory(open_secrets=(("data/.token", "644"),)), "secret file", "chmod 600"),
    "dead token": (replace(WELL, login=LoginFacts("expired")), "token", "g6 login"),
    "no token": (replace(WELL, login=LoginFacts("missing")), "token", "g6 login"),
    "refused token": (replace(WELL, login=LoginFacts("refused")), "token", "g6 login"),
    "year's end": (replace(WELL, today=date(2026, 12, 20)), "calendar", "sessions.local.toml"),
    "taken port": (
        replace(WELL, ports={"serve.metrics_port": "in use"}),
        "ports",
        "serve.metrics_port=0",
    ),
    "impossible settings": (
        replace(WELL, refusals=(("too short", "say 60"),)),
        "settings",
        "say 60",
    ),
    "settings changed": (replace(WELL, restart_reasons=("interval",)), "restart", "g6 up"),
    "few files": (replace(WELL, open_files=256), "open files", "ulimit -n 1024"),
    "wrong clock": (_vitals(clock_skew_seconds={"b": -0.7}), "clock", "timedatectl"),
    "unreadable messages": (
        _vitals(queues={**VITALS.queues, "unreadable": 3}),
        "messages",
        "another version",
    ),
    "backlog": (
        _vitals(oldest_sent={"persist": NOW - 90.0}),
        "messages",
        "celery -A g6 worker -Q persist",
    ),
    "queue without a worker": (
        _vitals(queues={**VITALS.queues, "aggregate": 0}),
        "workers",
        "celery -A g6 worker -Q aggregate",
    ),
    "silent worker": (
        _vitals(
            workers={
                **VITALS.workers,
                "two@a": WorkerFacts(4, "a", NOW - 60, ("collect",), up=False),
            }
        ),
        "workers",
        "g6 ps",
    ),
    "no beat": (_vitals(processes=VITALS.processes[1:]), "beat", "celery -A g6 beat"),
    "no serve": (_vitals(processes=VITALS.processes[:1]), "serve", "g6 serve"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_planted_fault_is_found_alone_and_named_with_its_fix(name: str) -> None:
    facts, check, fix = FAULTS[name]
    assert [finding.check for finding in wrong(facts)] == [check]
    assert fix in wrong(facts)[0].fix
    assert not MachineHealth(tuple(findings(facts))).passes
