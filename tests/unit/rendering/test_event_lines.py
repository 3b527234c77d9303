"""Events as lines: when, what, of what, and how."""

import json
from datetime import date

import pytest

from g6.domain.reports import Event, EventMeta, parse_report
from g6.rendering.event_lines import event_json, event_line

TS = "2026-11-20T05:30:00.125000Z"


@pytest.mark.parametrize(
    ("type", "document", "line"),
    [
        (
            "unit.report",
            {
                "cycle": "2026-11-20T05:30:00Z",
                "index": "NIFTY",
                "stage": "analyse",
                "status": "OK",
                "seconds": {"total": 0.0312},
            },
            "11:00:00.125  unit.report     NIFTY       analyse 11:00 OK 31 ms",
        ),
        (
            "gap.opened",
            {
                "index": "NIFTY",
                "cycle": "2026-11-20T05:30:00Z",
                "status": "MISSING",
                "reason": "no_quotes",
            },
            "11:00:00.125  gap.opened      NIFTY       11:00 MISSING no quotes",
        ),
        (
            "storage.sizes",
            {"kinds": {"chain": {"files": 1, "bytes": 2}}},
            "11:00:00.125  storage.sizes   NIFTY       1 file, 0.0 kB",
        ),
    ],
)
def test_a_line_says_when_in_india_what_it_is_of_and_how(type, document, line):
    assert event_line(Event("1-0", TS, parse_report(type, document), "NIFTY")) == line


def test_the_day_is_named_where_it_is_another() -> None:
    facts = {"cycle": "2026-11-20T05:30:00Z", "index": "NIFTY", "status": "MISSING"}
    event = Event("1-0", TS, parse_report("gap.opened", facts | {"reason": "late"}), "NIFTY")
    line = event_line(event, today=date(2026, 11, 21))
    assert line == "20 Nov 11:00:00.125  gap.opened      NIFTY       20 Nov 11:00 MISSING late"


def test_json_has_the_envelope():
    payload = parse_report("alert", {"name": "clock", "state": "clock", "detail": "x"})
    event = Event("7-0", TS, payload, "clock", EventMeta("a1"))
    document = json.loads(event_json(event))
    assert {name: document[name] for name in ("id", "ts", "type", "key", "trace")} == {
        "id": "7-0",
        "ts": TS,
        "type": "alert",
        "key": "clock",
        "trace": "a1",
    }
    assert document["payload"] == event.document
