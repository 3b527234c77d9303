"""Points on the wire: requests as InfluxDB gets them, its refusals, and a real server that speaks its write API."""

from __future__ import annotations

import json
import shlex
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from line_protocol_parser import parse_line

from g6.adapters.influx import InfluxSink
from g6.adapters.parquet import ParquetStore
from g6.domain.cycles.cycle import Unit
from g6.entrypoints.cli import main
from g6.errors import SinkAway, SinkRefused
from tests.integration.influx import demo
from tests.integration.influx.outlets import FEW, INDEX, instants, row_of
from tests.integration.influx.time_series_server import MISSING, PROGRAM, time_series_server
from tests.pager.runbooks import mitigation

SECRET = "a-token-that-nobody-may-read"
needs_server = pytest.mark.skipif(PROGRAM is None, reason=MISSING)


@dataclass
class Recording:
    """An HTTP server that keeps every request, and answers with `status`."""

    status: int = 204
    answer: dict[str, str] = field(default_factory=dict)
    requests: list[tuple[str, str, bytes]] = field(default_factory=list)
    url: str = ""


@pytest.fixture
def recording() -> Iterator[Recording]:
    kept = Recording()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            kept.requests.append((self.path, self.headers.get("Authorization", ""), body))
            content = json.dumps(kept.answer).encode() if kept.answer else b""
            self.send_response(kept.status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    kept.url = f"http://127.0.0.1:{server.server_port}"
    yield kept
    server.shutdown()
    thread.join()
    server.server_close()


def sink(url: str) -> InfluxSink:
    return InfluxSink(url, SECRET, "org", "bucket", 2.0)


def store(directory: Path, count: int) -> list[str]:
    rows = ParquetStore(directory)
    cycles = instants(count)
    for cycle in cycles:
        rows.write_chain(Unit(cycle, INDEX), FEW)
        rows.write_overview(cycle, [row_of(cycle)])
    return cycles


def test_lines_are_one_request_with_the_token_in_its_header_alone(recording: Recording) -> None:
    lines = ["option_data,index=NIFTY last=1.5 1794973500", "g6_cycle cycle=1i 1794973500"]
    assert sink(recording.url).write(lines) == len("\n".join(lines))
    ((path, authorization, body),) = recording.requests
    assert path == "/api/v2/write?org=org&bucket=bucket&precision=s"
    assert authorization == f"Token {SECRET}"
    assert [parse_line(line)["time"] for line in body.decode().splitlines()] == [1794973500] * 2


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (400, SinkRefused),
        (422, SinkRefused),
        (401, SinkAway),
        (404, SinkAway),
        (429, SinkAway),
        (503, SinkAway),
    ],
)
def test_a_refusal_says_whether_to_try_again_and_never_the_token(
    recording: Recording, status: int, error: type[Exception]
) -> None:
    recording.status = status
    recording.answer = {"code": "x", "message": "no such thing"}
    with pytest.raises(error) as raised:
        sink(recording.url).write(["a b=1 1"])
    assert str(status) in str(raised.value)
    assert SECRET not in str(raised.value)
    assert len(recording.requests) == 1


def test_a_server_that_is_not_there_is_away() -> None:
    with pytest.raises(SinkAway, match=r"http://127\.0\.0\.1:1 does not answer: refused"):
        sink("http://127.0.0.1:1").write(["a b=1 1"])


def test_a_backfill_sends_the_same_bytes_again_and_goes_on_where_it_stopped(
    recording: Recording,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    store(tmp_path / "rows", 3)
    (tmp_path / "token").write_text(f"{SECRET}\n", encoding="utf-8")
    monkeypatch.setenv("G6_INFLUX__URL", recording.url)
    monkeypatch.setenv("G6_INFLUX__TOKEN_FILE", str(tmp_path / "token"))
    call = [
        "influx",
        "backfill",
        "--from",
        "2026-11-18",
        "--to",
        "2026-11-18",
        "--json",
        "--data-dir",
        str(tmp_path / "rows"),
    ]
    assert main(call) == 0
    counts = json.loads(capsys.readouterr().out)
    assert (counts["cycles"], counts["units"]) == (3, 6)
    first = [body for _, _, body in recording.requests]
    assert {authorization for _, authorization, _ in recording.requests} == {f"Token {SECRET}"}
    assert sum(len(body.splitlines()) for body in first) == counts["points"]
    recording.requests.clear()
    assert main(call) == 0
    assert [body for _, _, body in recording.requests] == first
    capsys.readouterr()
    recording.requests.clear()
    recording.status = 503
    journal = tmp_path / "rows/.outbox/backfill.json"
    journal.write_text(
        json.dumps({"span": "2026-11-17T18:30:00Z/2026-11-18T18:29:59Z", "done": instants(3)[0]}),
        "utf-8",
    )
    assert main(call) == 1
    recording.status = 204
    recording.requests.clear()
    assert main(call) == 0
    assert json.loads(capsys.readouterr().out)["sent_before"] == 1
    assert [body for _, _, body in recording.requests] == first[1:]
    assert not journal.exists()


def test_the_command_of_the_runbook_sends_what_is_stored(
    recording: Recording, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store(tmp_path / "rows", 2)
    monkeypatch.setenv("G6_INFLUX__URL", recording.url)
    # The page names a day of its own.
    command = mitigation("sink-away.md", "g6 influx backfill", {}).replace("11-20", "11-18")
    assert main([*shlex.split(command)[1:], "--data-dir", str(tmp_path / "rows")]) == 0
    assert len(recording.requests) == 2


def test_nothing_stored_is_told_with_what_lists_it(
    recording: Recording,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("G6_INFLUX__URL", recording.url)
    store(tmp_path, 1)
    assert (
        main(
            [
                "influx",
                "backfill",
                "--from",
                "2020-01-01",
                "--to",
                "2020-01-02",
                "--data-dir",
                str(tmp_path),
            ]
        )
        == 3
    )
    assert "g6 data ls" in capsys.readouterr().err


@pytest.mark.services
@needs_server
def test_a_stored_day_is_in_a_real_server_with_every_value(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    cycles = store(tmp_path / "rows", 2)
    with time_series_server(tmp_path) as server:
        monkeypatch.setenv("G6_INFLUX__URL", server.url)
        call = [
            "influx",
            "backfill",
            "--from",
            cycles[0],
            "--to",
            cycles[-1],
            "--data-dir",
            str(tmp_path / "rows"),
        ]
        assert main(call) == 0
        series = server.series("option_data")
        lasts = [one for one in series if one["metric"]["__name__"] == "option_data_last"]
        assert {len(one["values"]) for one in lasts} == {2}
        expected = {
            round(float(value), 6) for side in ("ce", "pe") for value in FEW.columns[f"{side}_last"]
        }
        assert {round(value, 6) for one in lasts for value in one["values"]} == expected
        assert server.series("options_overview")
        assert server.series("g6_cycle")


@pytest.mark.services
@needs_server
def test_the_demonstration_shows_rows_of_a_run(capfd: pytest.CaptureFixture[str]) -> None:
    assert demo.main(["--cycles", "1", "--indices", "NIFTY"]) == 0
    lines = capfd.readouterr().out.splitlines()
    assert sum(line.split()[1:2] in (["CE"], ["PE"]) for line in lines) == 2
    assert "waiting  0 units" in lines
