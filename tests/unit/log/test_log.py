"""Structured logging."""

from __future__ import annotations

import io
import json
import logging
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import structlog

from g6 import log
from g6.domain.reports import (
    Alert,
    AnalysisFacts,
    CycleReport,
    Event,
    EventMeta,
    GapOpened,
    StageReport,
    StateFacts,
)

SECRET = "f8Xq2Lk9Zr4Wm7Tn1Vb6Yc3Hd5Jp0GsQ"  # the shape of an access token: 32 letters and digits


class Lines(io.StringIO):
    """A stream that remembers, and says whether it is a terminal."""

    terminal = False

    def isatty(self) -> bool:
        return self.terminal

    def entries(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.getvalue().splitlines()]


@pytest.fixture
def lines() -> Iterator[Lines]:
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    quiet = {name: logging.getLogger(name).level for name in log.QUIET}
    yield Lines()
    for handler in root.handlers:
        if handler not in before:
            handler.close()
    root.handlers[:] = before
    root.setLevel(level)
    for name, its in quiet.items():
        logging.getLogger(name).setLevel(its)
    for part in ("cycle", "alert", "collect", "analyse"):
        logging.getLogger(f"g6.{part}").setLevel(logging.NOTSET)
    logging.captureWarnings(capture=False)
    structlog.reset_defaults()


def configured(stream: Lines, how: str = "auto", level: str = "INFO", **levels: str) -> Lines:
    by_module = [f"{name.replace('__', '.')}={each}" for name, each in levels.items()]
    log.configure(settings(how, level, by_module), stream)
    return stream


def settings(how: str = "auto", level: str = "INFO", levels: Sequence[str] = ()) -> log.HasLog:
    """Return settings that have a section of logs and nothing else."""
    own = SimpleNamespace(
        format=how, level=level, levels=levels, rotate_bytes=1 << 20, keep_files=2
    )
    return SimpleNamespace(log=own)


def cycle(**changes: Any) -> CycleReport:
    facts = {
        "cycle": "2026-11-20T04:05:00Z", "status": "OK", "units": {"NIFTY": "OK", "SENSEX": "OK"}, "reasons": {},
        "options": {"NIFTY": 400, "SENSEX": 380}, "lateness_seconds": 0.01, "elapsed_seconds": 0.3,
    }  # fmt: skip
    return CycleReport(**facts | changes)


def stage(status: str = "OK", reason: str = "") -> StageReport:
    return StageReport(
        "2026-11-20T04:05:00Z",
        "NIFTY",
        "analyse",
        status,
        reason,
        seconds={"total": 0.1},
        counts=AnalysisFacts(400),
    )


def test_a_cycle_is_one_info_line_of_json(lines: Lines) -> None:
    configured(lines)
    log.report(cycle())
    (entry,) = lines.entries()
    assert entry.pop("ts").endswith("Z")
    assert entry == {
        "event": "cycle", "level": "info", "cycle": "2026-11-20T04:05:00Z", "status": "OK", "indices": 2, "options": 780,
        "elapsed_ms": 300, "lateness_ms": 10,
    }  # fmt: skip


def test_what_is_not_ok_is_named_with_its_reason(lines: Lines) -> None:
    configured(lines)
    log.report(
        cycle(
            status="PARTIAL",
            units={"NIFTY": "OK", "SENSEX": "MISSING"},
            reasons={"SENSEX": "expired"},
        )
    )
    assert lines.entries()[0]["not_ok"] == {"SENSEX": "MISSING expired"}


@pytest.mark.parametrize(
    ("units", "level"),
    [
        ({"NIFTY": "MISSING", "SENSEX": "MISSING"}, "warning"),
        ({"NIFTY": "OK", "SENSEX": "MISSING"}, "warning"),
        ({"NIFTY": "OK", "SENSEX": "PARTIAL"}, "info"),
        ({"NIFTY": "SKIPPED", "SENSEX": "SKIPPED"}, "info"),
    ],
)
def test_a_cycle_that_lost_a_unit_is_a_warning(
    lines: Lines, units: dict[str, str], level: str
) -> None:
    configured(lines)
    log.report(cycle(status="PARTIAL", units=units))
    assert lines.entries()[0]["level"] == level


def test_stages_stay_below_info_unless_their_unit_is_lost(lines: Lines) -> None:
    configured(lines)
    log.report(stage())
    log.report(stage("MISSING", "frame_missing"))
    (entry,) = lines.entries()
    assert (entry["level"], entry["reason"]) == ("warning", "frame_missing")


def test_debug_shows_every_stage(lines: Lines) -> None:
    configured(lines, level="DEBUG")
    log.report(stage())
    assert lines.entries()[0]["ms"] == {"total": 100.0}


def test_a_start_is_a_short_line_and_the_file_has_hashes_by_section(
    lines: Lines, tmp_path: Path
) -> None:
    log.configure(settings(), lines, file=tmp_path / log.FILE)
    log.startup(
        version="1.0",
        indices=("NIFTY",),
        interval=60,
        provider="sim",
        hashes={"greeks": "aa", "all": "bb"},
    )
    (entry,) = lines.entries()
    assert entry["config_hash"] == "bb"
    assert "sections" not in entry
    assert entry["indices"] == ["NIFTY"]
    (kept,) = map(json.loads, (tmp_path / log.FILE).read_text("utf-8").splitlines())
    assert (kept["event"], kept["sections"]) == ("startup", {"greeks": "aa"})
    assert kept["config_hash"] == "bb"


def test_a_terminal_gets_colours_and_no_json(lines: Lines) -> None:
    lines.terminal = True
    configured(lines)
    log.report(cycle())
    assert "\x1b[" in lines.getvalue()
    assert not lines.getvalue().startswith("{")


def test_human_lines_into_a_file_have_no_colours(lines: Lines) -> None:
    configured(lines, "human")
    log.report(cycle())
    assert "\x1b[" not in lines.getvalue()
    assert "status=OK" in lines.getvalue()


def test_celery_speaks_through_it_from_warning_on(lines: Lines) -> None:
    configured(lines)
    logging.getLogger("celery.worker").info("a task came")
    logging.getLogger("celery.worker").warning("lost %s", "the broker")
    (entry,) = lines.entries()
    assert (entry["event"], entry["logger"], entry["level"]) == (
        "lost the broker",
        "celery.worker",
        "warning",
    )


def test_warnings_of_python_come_through_it(lines: Lines) -> None:
    configured(lines)
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.warn("something old", stacklevel=1)
    assert "something old" in lines.entries()[0]["event"]


SHAPES: list[tuple[str, dict[str, Any]]] = [
    ("the key says it", {"access_token": SECRET}),
    ("a key inside", {"kite": {"api_secret": "short"}}),
    ("a list of mappings", {"accounts": [{"password": "hunter2"}]}),
    ("a URL", {"broker": "redis://:hunter2@host:6379/0"}),
    ("a URL with a user", {"broker": "sentinel://me:hunter2@a;sentinel://me:hunter2@b"}),
    ("a query", {"url": f"https://host/token?api_key=abc123&access_token={SECRET}&v=3"}),
    ("a header", {"headers": f"Authorization: token abc123:{SECRET}"}),
    ("a bearer", {"headers": "sent Bearer ab12cd34ef56"}),
    ("JSON in a text", {"body": '{"request_token": "ab12cd34", "status": "ok"}'}),
    ("a JSON web token", {"said": "eyJhbGciOi.eyJzdWIiOi.SflKxwRJSM"}),
    ("bare in a sentence", {"said": f"refused {SECRET} for good"}),
    ("an exception", {"error": ValueError(f"enctoken={SECRET}")}),
    ("bytes", {"error": f"enctoken={SECRET}".encode()}),
]
HIDDEN = (SECRET, "hunter2", "abc123", "ab12cd34", "short", "SflKxwRJSM")


@pytest.mark.parametrize(("shape", "fields"), SHAPES, ids=[shape for shape, _ in SHAPES])
def test_a_secret_is_masked_in_every_shape(
    lines: Lines, shape: str, fields: dict[str, Any]
) -> None:
    configured(lines, level="DEBUG")
    structlog.get_logger("g6").debug("seen", **fields)
    logging.getLogger("kiteconnect").warning("seen %s", fields)
    assert log.MASK in lines.getvalue()
    assert not [secret for secret in HIDDEN if secret in lines.getvalue()]


def test_a_secret_in_a_traceback_is_masked(lines: Lines) -> None:
    configured(lines)
    try:
        raise ValueError(f"access_token={SECRET}")
    except ValueError:
        logging.getLogger("g6").exception("failed")
    assert SECRET not in lines.getvalue()
    assert "ValueError" in lines.entries()[0]["exception"]


@pytest.mark.parametrize(
    "harmless",
    [
        "2026-11-20T04:05:00Z",
        "7158ebf322ac",
        "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "6fa459eaee8a3ca4894edb77e160355e",
        "NIFTY26NOV26000CE",
        "the token expires at six",
        "redis://host:6379/0",
    ],
)
def test_what_is_no_secret_stays(harmless: str) -> None:
    assert log.mask(harmless) == harmless


def test_an_instrument_token_is_a_number_and_stays() -> None:
    assert log.mask({"token": 256265}) == {"token": 256265}


def of_stage(name: str) -> StageReport:
    return StageReport("2026-11-20T04:05:00Z", "NIFTY", name, "OK", seconds={"total": 0.1})


def test_one_module_may_speak_while_the_others_keep_their_level(lines: Lines) -> None:
    configured(lines, "json", "WARNING", g6__collect="DEBUG", kombu="INFO")
    for name in ("collect", "analyse"):
        log.report(of_stage(name))
    log.report(cycle())
    logging.getLogger("kombu.connection").info("heard")
    logging.getLogger("celery.worker").info("not heard")
    assert [entry.get("stage", entry["event"]) for entry in lines.entries()] == ["collect", "heard"]


def kept(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_the_file_has_the_bus_as_json_with_places_and_trace_and_a_person_reads_none_of_it_twice(
    lines: Lines, tmp_path: Path
) -> None:
    lines.terminal = True
    path = tmp_path / "logs" / log.FILE
    log.configure(settings(), lines, file=path)
    told = (
        cycle(),
        stage("MISSING", "frame_missing"),
        stage(),
        GapOpened("NIFTY", "2026-11-20T04:05:00Z", "MISSING", "provider"),
        Alert("disk", "little room", "free some", StateFacts(index="NIFTY")),
    )
    for number, report in enumerate(told):
        log.record(Event(f"{number}-0", "", report, meta=EventMeta("abc123def")))
    assert lines.getvalue() == ""
    entries = kept(path)
    assert [entry["event"] for entry in entries] == ["cycle", "stage", "gap.opened", "little room"]
    assert all(entry["ts"].endswith("Z") for entry in entries)
    assert [entry.get("trace") for entry in entries] == ["abc123def"] * 3 + [None]
    assert [entry.get("index") for entry in entries] == [None, "NIFTY", "NIFTY", "NIFTY"]
    assert [entry["level"] for entry in entries] == ["info"] + ["warning"] * 3


def test_what_a_person_hears_stands_in_the_file_once(lines: Lines, tmp_path: Path) -> None:
    path = tmp_path / log.FILE
    log.configure(settings(), lines, file=path)
    log.report(cycle())
    log.record(Event("1-0", "", cycle()))
    logging.getLogger("kombu").warning("a library's warning")
    assert [entry["event"] for entry in kept(path)] == ["cycle", "a library's warning"]
    assert [entry["event"] for entry in lines.entries()] == ["cycle", "a library's warning"]


def test_the_file_masks_secrets_too(lines: Lines, tmp_path: Path) -> None:
    path = tmp_path / log.FILE
    log.configure(settings(), lines, file=path)
    structlog.get_logger("g6").warning("seen", access_token=SECRET, said=f"refused {SECRET}")
    assert SECRET not in path.read_text()
