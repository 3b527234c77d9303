"""The doctor finds every planted fault, names it, and says what mends it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from g6.domain.documents.machine_facts import (
    DriverHealth,
    DumpHealth,
    MachineFacts,
    PortHealth,
    RedisHealth,
)
from g6.domain.reports import LoginFacts
from g6.domain.reports.heartbeat import WorkerFacts
from g6.studies.checks.machine_health import CHECKS, HealthFinding, MachineHealth, findings
from tests.worlds.well_machine import NOW, REDIS, VITALS, WELL


def wrong(facts: MachineFacts) -> list[HealthFinding]:
    return [finding for finding in findings(facts) if not finding.ok]


def test_a_machine_on_which_nothing_is_wrong_passes() -> None:
    document = MachineHealth(tuple(findings(WELL)))
    assert document.passes
    assert all(finding.fix == "" for finding in document.findings)


def _vitals(**changes: object) -> MachineFacts:
    return replace(WELL, vitals=replace(VITALS, **changes))


def _calendar(day: date, **changes: object) -> MachineFacts:
    return replace(WELL, calendar=replace(WELL.calendar, day=day, **changes))


def _worker(**changes: object) -> MachineFacts:
    return _vitals(workers={"all@a": replace(VITALS.workers["all@a"], **changes)})


def test_a_directory_that_is_not_there_is_not_shown_as_one_that_is() -> None:
    (line,) = [one for one in findings(_directory(is_there=False)) if one.check == "data directory"]
    assert (line.ok, line.seen) == (True, "data is not there yet; a start makes it")


def test_a_full_disk_is_told_without_a_number_of_indices_and_what_needs_no_room_first() -> None:
    (line,) = [one for one in findings(_directory(free_bytes=50e6)) if one.check == "disk"]
    assert line.seen == "50 MB left, less than 64: a day may take more"
    assert line.fix.startswith("g6 data compact, where a day's file still fits")


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
    "year's end": (_calendar(date(2026, 12, 20)), "calendar", "covered_years = [2027]"),
    "unknown year": (_calendar(date(2027, 1, 4)), "calendar", "covered_years = [2027]"),
    "unknown year, and a file": (
        _calendar(date(2027, 1, 4), has_file=True),
        "calendar",
        "add 2027 to covered_years",
    ),
    "taken port": (
        replace(WELL, ports=(PortHealth("serve.metrics_port", "in use", 12),)),
        "ports",
        "kill -TERM 12, or set serve.metrics_port=0",
    ),
    "impossible settings": (
        replace(WELL, refusals=(("too short", "say 60"),)),
        "settings",
        "say 60",
    ),
    "settings changed": (
        replace(WELL, restart_reasons=("interval",)),
        "restart",
        "kill -TERM 7 on a, then g6 up",
    ),
    "full redis": (
        replace(WELL, redis=replace(REDIS, used_bytes=95e6, most_bytes=100e6)),
        "redis memory",
        "config set maxmemory 200000000",
    ),
    "owned by another": (
        _directory(owner="g6 up, process 9", owner_pid=9),
        "data directory",
        "kill -TERM 9",
    ),
    "a file in its place": (
        _directory(trouble="a file", fix="mv data data.away"),
        "data directory",
        "mv data",
    ),
    "orphans": (_directory(orphans={"persist": 21, "beat": 22}), "orphans", "kill -TERM 21 22"),
    "old dump": (
        replace(WELL, dumps=DumpHealth({"NFO": date(2026, 11, 17)}, date(2026, 11, 18))),
        "instruments",
        "g6 expiries --refresh",
    ),
    "no dump": (
        replace(WELL, dumps=DumpHealth({"BFO": None}, date(2026, 11, 18))),
        "instruments",
        "g6 expiries --refresh",
    ),
    "open breaker": (replace(WELL, breaker="open"), "breaker", "g6 check"),
    "other version": (_worker(version="0.0.9"), "versions", "kill -TERM 1 on a"),
    "stale code": (_worker(code="c0"), "code", "kill -TERM 7, then g6 up"),
    "stale code of celery worker": (
        replace(_worker(code="c0"), drivers=()),
        "code",
        "kill -TERM 1, then celery -A g6 worker -Q collect,persist",
    ),
    "namespace of another version": (
        replace(WELL, drivers=(DriverHealth("g6 up", 7, "b", "0.0.9"),)),
        "namespace",
        "--set namespace=NAME",
    ),
    "paused": (replace(WELL, paused={"NIFTY": "by hand"}), "switches", "g6 control paused none"),
    "raised alert": (replace(WELL, alerts=(("it is late", "g6 ps"),)), "alerts", "g6 ps"),
    "few files": (replace(WELL, open_files=256), "open files", "ulimit -n 1024"),
    "wrong clock": (_vitals(clock_skew_seconds={"b": -0.7}), "clock", "timedatectl"),
    "unreadable messages": (
        _vitals(queues={**VITALS.queues, "unreadable": 3}),
        "messages",
        "redis-cli -u redis://127.0.0.1:6379/0 del g6:celery:unreadable",
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
    "silent ticker": (
        _vitals(
            workers={
                **VITALS.workers,
                "ticker@a": WorkerFacts(4, "a", NOW - 60, (), up=False),
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


def test_a_worker_that_is_gone_is_none_that_is_missing_while_others_serve_its_queues() -> None:
    gone = WorkerFacts(4, "a", NOW - 60, ("collect",), up=False)
    facts = _vitals(workers={**VITALS.workers, "two@a": gone})
    assert wrong(facts) == []
    assert "others serve its queues" in str(list(findings(facts)))


def test_a_setting_that_changed_is_nothing_once_nobody_runs() -> None:
    assert wrong(replace(WELL, restart_reasons=("interval",), drivers=())) == []


def test_what_is_wrong_always_has_a_fix() -> None:
    for facts, _, _ in FAULTS.values():
        fixes = [finding.fix for finding in wrong(facts)]
        assert fixes
        assert all(fixes)


def test_each_check_is_found_wrong_by_some_fault() -> None:
    names = {name for check in CHECKS for name in check.name.split(", ")}
    assert names == {check for _, check, _ in FAULTS.values()}


def test_fixes_name_the_directory_in_what_programs_read_too() -> None:
    document = MachineHealth(tuple(findings(_directory(free_bytes=1e6))))
    mended = document.with_fixes(lambda fix: fix.replace("g6 data compact", "g6 data compact -d x"))
    assert "g6 data compact -d x" in str(mended.findings)
