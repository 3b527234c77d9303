"""The runtime status document."""

from datetime import UTC, datetime

import pytest

from g6.domain.cycles.cycle import parse_z
from g6.domain.documents.readiness import REDIS_FIX, readiness
from g6.domain.documents.status import runtime_status
from g6.domain.documents.system_facts import MarketPhase, SystemFacts
from g6.domain.reports import CycleReport, GapOpened, Heartbeat
from g6.domain.schema.words import QueueName

NOW = datetime(2026, 11, 20, 5, 30, 45, tzinfo=UTC)
WALL = NOW.timestamp()
FIELDS = {
    "timestamp", "cycle", "elapsed", "interval", "sleep_sec", "success_rate_pct", "options_last_cycle", "options_per_minute",
    "api_success_rate", "api_latency_ms", "memory_mb", "cpu_pct", "readiness_ok", "readiness_reason", "indices", "indices_info", "provider", "queues",
    "market", "last_gap", "lost", "memory_pressure", "restart_needed",
    "beats",
}  # fmt: skip
REPORT = {
    "cycle": "2026-11-20T05:30:00Z", "elapsed_seconds": 0.8, "units": {"NIFTY": "OK", "SENSEX": "MISSING"},
    "options": {"NIFTY": 400, "SENSEX": 0}, "ts": "2026-11-20T05:30:01Z",
    "rows": [
        {"underlying": "NIFTY", "spot": 26_000.0, "observed_at": "2026-11-20T05:30:00.500000Z", "pcr_nearest": 0.9,
         "timestamp": "2026-11-20T05:30:00Z", "quote_age_seconds": 1.5, "quote_source": "stream,rest"},
        {"underlying": "SENSEX", "spot": None, "observed_at": None},
    ],
}  # fmt: skip
BEAT = {
    "ts": "2026-11-20T05:30:40Z", "queues": {"collect": 1}, "provider": {"mode": "sim"},
    "workers": {
        "a": {"up": True, "resident_bytes": 150e6, "cpu_ratio": 0.25},
        "b": {"up": True, "resident_bytes": 50e6, "cpu_ratio": 0.5},
    },
}  # fmt: skip
OPEN = {
    "NSE": {
        "open": True,
        "phase": "continuous",
        "next_change": "2026-11-20T09:45:00Z",
        "closes": "2026-11-20T10:10:00Z",
        "opens": "2026-11-23T03:45:00Z",
    }
}


PLAN = {
    "indices": ["NIFTY", "SENSEX"], "interval": 60, "step": 60.0, "config_id": "", "heartbeat_seconds": 2.0,
    "max_quote_age": 30.0,
}  # fmt: skip
ALL_BUT_PERSIST = [str(name) for name in QueueName if name != QueueName.PERSIST]
BLANK = {"cycle": "", "status": "OK", "units": {}, "lateness_seconds": 0.0, "elapsed_seconds": 0.0}
UNKNOWN = {"age_seconds": None, "pcr": None, "source": None, "stale": None}
FRESH = {"source": "stream,rest", "stale": False}


def seen(**changes):
    facts = {
        "wall": WALL, "market": NOW, "step": 60.0, "interval": 60, "indices": ["NIFTY", "SENSEX"], "provider": "sim",
        "report": REPORT, "beat": BEAT,
        "last_success": WALL - 44, "phases": OPEN, "next_cycle_wall": WALL + 15,
    }  # fmt: skip
    return SystemFacts(**parsed(facts | changes))


def status_of(system):
    """Return the status document as JSON has it."""
    return runtime_status(system).to_json()


def parsed(facts):
    """Return the facts as the reports that the documents are."""
    beat, report, gap = (facts.get(name) or {} for name in ("beat", "report", "gap"))
    if "plan" in beat:
        beat = beat | {"plan": PLAN | beat["plan"]}
    phases = {
        name: MarketPhase(
            phase["open"],
            phase.get("phase", ""),
            phase.get("next_change"),
            phase.get("closes"),
            phase.get("opens"),
        )
        for name, phase in facts["phases"].items()
    }
    return facts | {
        "report": CycleReport.from_json(BLANK | report) if report else None,
        "beat": Heartbeat.from_json(beat) if beat else None,
        "beat_at": parse_z(beat["ts"]).timestamp() if beat else 0.0,
        "gap": GapOpened.from_json(gap) if gap else None,
        "phases": phases,
    }


def test_the_document_has_every_documented_field():
    assert set(status_of(seen())) == FIELDS


def test_a_system_that_just_started_has_every_field_too_and_invents_nothing():
    found = status_of(seen(report={}, beat={}, last_success=0.0, phases={}, next_cycle_wall=None))
    assert set(found) == FIELDS
    assert [
        found[name]
        for name in ("cycle", "elapsed", "sleep_sec", "success_rate_pct", "memory_mb", "last_gap")
    ] == [None] * 6
    assert found["indices_info"]["NIFTY"] == {"ltp": None, "options": 0, "status": None} | UNKNOWN


def test_each_index_has_price_options_status_age_and_pcr():
    info = status_of(seen())["indices_info"]
    assert (
        info["NIFTY"]
        == {"ltp": 26_000.0, "options": 400, "status": "OK", "age_seconds": 46.5, "pcr": 0.9}
        | FRESH
    )
    assert info["SENSEX"] == {"ltp": None, "options": 0, "status": "MISSING"} | UNKNOWN


def test_the_age_is_that_of_the_data_and_not_of_its_receipt():
    frozen = REPORT["rows"][0] | {"quote_age_seconds": 80.0}
    found = status_of(seen(report=REPORT | {"rows": [frozen]}))
    assert (
        found["indices_info"]["NIFTY"]["age_seconds"],
        found["indices_info"]["NIFTY"]["stale"],
    ) == (125.0, True)
    assert not found["readiness_ok"]
    assert "data: quotes of NIFTY have stopped" in found["readiness_reason"]


def test_data_may_be_old_while_no_market_is_open():
    frozen = REPORT["rows"][0] | {"quote_age_seconds": 80.0}
    assert readiness(seen(report=REPORT | {"rows": [frozen]}, phases={})) == ()


@pytest.mark.parametrize(
    ("provider", "phases", "reason"),
    [
        ({"login": {"state": "expired"}}, {}, "token: expired; fix: g6 login"),
        ({"login": {"state": "missing"}}, OPEN, "token: missing; fix: g6 login"),
        (
            {"ticker": {"connections": {"0": {"state": "refused"}}}},
            {},
            "stream: connection 0 is refused; fix: g6 status --json shows each connection",
        ),
        (
            {"ticker": {"connections": {"0": {"state": "open"}, "1": {"state": "down"}}}},
            OPEN,
            "stream: connection 1 is down; fix: g6 status --json shows each connection",
        ),
        (
            {"ticker": {"connections": {"0": {"state": "dead"}}}},
            OPEN,
            "stream: connection 0 is dead; fix: g6 status --json shows each connection",
        ),
    ],
)
def test_without_a_token_or_a_stream_the_system_is_not_ready(provider, phases, reason):
    assert readiness(seen(beat=BEAT | {"provider": provider}, phases=phases)) == (reason,)


@pytest.mark.parametrize(
    "provider",
    [
        {"login": {"state": "valid"}},
        {"ticker": {"connections": {"0": {"state": "waiting"}}}},
        {"mode": "sim"},
    ],
)
def test_a_stream_need_not_run_before_the_open(provider):
    assert readiness(seen(beat=BEAT | {"provider": provider}, phases={})) == ()


def test_the_pcr_shown_is_that_of_the_expiry_that_is_shown_and_of_no_bucket():
    rows = [{"underlying": "NIFTY", "pcr_this_week": 0.4, "pcr_nearest": 1.1}]
    assert status_of(seen(report=REPORT | {"rows": rows}))["indices_info"]["NIFTY"]["pcr"] == 1.1


def test_options_rates_memory_and_time_to_the_next_cycle():
    found = status_of(seen(requests={"ok": 99.0, "busy": 1.0}))
    assert (
        found["options_last_cycle"],
        found["options_per_minute"],
        found["success_rate_pct"],
    ) == (400, 400.0, 50.0)
    assert (
        found["api_success_rate"],
        found["memory_mb"],
        found["cpu_pct"],
        found["sleep_sec"],
    ) == (99.0, 200.0, 75.0, 15.0)


def test_the_provider_is_named_and_what_it_does_not_tell_is_none():
    found = status_of(seen())["provider"]
    told = {"name": "sim", "mode": "sim"}
    assert found == told | dict.fromkeys(
        ("source", "breaker", "budget_left", "login", "ticker", "instruments")
    )


def test_the_market_is_open_while_one_exchange_is_and_changes_when_the_first_does():
    closed = {
        "open": False,
        "phase": "closed",
        "next_change": "2026-11-20T05:31:00Z",
        "opens": "2026-11-21T03:45:00Z",
    }
    market = status_of(seen(phases={"BSE": closed, **OPEN}))["market"]
    assert market == {
        "open": True,
        "phase": "continuous",
        "next_change": "2026-11-20T05:31:00Z",
        "closes": "2026-11-20T10:10:00Z",
        "opens": "2026-11-21T03:45:00Z",
    }


def test_what_the_newest_cycle_lost_is_named_with_cycle_and_reason():
    report = REPORT | {"reasons": {"SENSEX": "provider"}}
    status = status_of(seen(report=report))
    assert status["lost"] == ["SENSEX 2026-11-20T05:30:00Z (provider)"]
    assert status_of(seen(report=None))["lost"] == []


def test_the_last_gap_is_shown_as_it_was_published():
    gap = {"index": "NIFTY", "cycle": "a", "status": "SKIPPED", "reason": "no_beat"}
    assert status_of(seen(gap=gap))["last_gap"] == gap


def test_a_running_system_is_ready():
    assert readiness(seen()) == ()


@pytest.mark.parametrize(
    ("changes", "missing"),
    [
        ({"trouble": "Redis: gone"}, "bus: Redis: gone"),
        (
            {"trouble": "Redis: gone", "redis_trouble": "Redis: gone"},
            f"redis: Redis: gone; fix: {REDIS_FIX}",
        ),
        ({"refused": "cannot write status.json"}, "status file: cannot write status.json"),
        ({"beat": {}}, "heartbeat: none yet; fix: g6 ps lists what lives"),
        (
            {"beat": BEAT | {"ts": "2026-11-20T05:30:00Z"}},
            "heartbeat: none for 45 s; fix: g6 ps lists what lives",
        ),
        ({"last_beat": WALL - 103}, "beat: no beat for 103 s; fix: celery -A g6 beat"),
        (
            {"beat": BEAT | {"workers": {"a": {"up": True, "queues": ALL_BUT_PERSIST}}}},
            "worker: nobody serves persist; fix: celery -A g6 worker -Q persist",
        ),
        ({"last_success": 0.0}, "cycle: none closed yet; fix: g6 doctor; g6 logs --level WARNING"),
        (
            {"last_success": WALL - 181},
            "cycle: the last success was 181 s ago; fix: g6 doctor; g6 logs --level WARNING",
        ),
    ],
)
def test_readiness_names_what_is_missing(changes, missing):
    assert readiness(seen(**changes)) == (missing,)
    assert status_of(seen(**changes))["readiness_reason"] == missing


def test_a_worker_that_is_gone_is_no_trouble_while_another_serves_its_queues():
    others = {"up": True, "queues": ALL_BUT_PERSIST}
    files = {"up": True, "queues": ["persist"]}
    gone = {"up": False, "queues": ["persist"]}
    beat = BEAT | {"workers": {"a": others, "b": files, "c": gone}}
    assert readiness(seen(beat=beat)) == ()


def test_no_cycle_is_missed_while_the_market_is_closed():
    closed = {"NSE": {"open": False, "phase": "closed", "next_change": None}}
    assert readiness(seen(last_success=0.0, phases=closed)) == ()
