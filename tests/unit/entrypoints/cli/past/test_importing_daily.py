"""Files of past days: end-of-day files beside what is stored, dumps, participants."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from g6.domain.market.dump_layout import DUMP_COLUMNS
from tests.unit.adapters.replay import invented_tables as tables
from tests.unit.adapters.test_participant_files import participant_file
from tests.unit.entrypoints.cli.conftest import Run


def test_an_end_of_day_file_agrees_with_the_day_that_was_made_of_it(
    g6: Run, tmp_path: Path
) -> None:
    path = tables.udiff(tmp_path)
    rows = ("--data-dir", str(tmp_path / "rows"))
    assert g6("import", "table", str(path), "--yes", *rows).code == 0
    answer = g6("compare", "eod", str(path), "--json", *rows)
    (agreement,) = json.loads(answer.out)
    assert answer.code == 0, answer.err
    assert (agreement["matched"], agreement["only_stored"], agreement["only_exchange"]) == (6, 0, 0)
    shares = {
        share["figure"]: (share["agree"], share["contracts"]) for share in agreement["shares"]
    }
    assert shares == dict.fromkeys(("oi", "volume", "settlement", "lot"), (6, 6))
    panel = json.loads((tmp_path / "rows" / "panels" / "end_of_day.json").read_text())
    assert panel["data"]["indices"] == [agreement]


def test_what_differs_is_named_and_the_history_keeps_the_share(g6: Run, tmp_path: Path) -> None:
    path = tables.udiff(tmp_path)
    rows = ("--data-dir", str(tmp_path / "rows"))
    g6("import", "table", str(path), "--yes", *rows)
    (tmp_path / "later").mkdir()
    extra = tables.udiff_row(24_500, "CE", 40.0)
    other = tables.udiff(tmp_path / "later", extra, interest=75_025)
    answer = g6("compare", "eod", str(other), *rows)
    assert "oi            0.00%  0 of 6" in answer.out
    assert "oi of 28 Nov 2024 24200 CE: 75,000 stored, 75,025 by the exchange" in answer.out
    assert "0 only stored, 1 only in the file" in answer.out
    history = g6("compare", "eod", *rows)
    assert history.out.startswith("2024-11-25  NIFTY       oi   0.00%  volume 100.00%")


def test_a_day_that_is_not_stored_is_nothing_to_compare(g6: Run, tmp_path: Path) -> None:
    path = str(tables.udiff(tmp_path))
    assert g6("compare", "eod", path, "--data-dir", str(tmp_path / "none")).code == 3
    no_file = str(tables.side_by_side(tmp_path))
    answer = g6("compare", "eod", no_file, "--data-dir", str(tmp_path / "none"))
    assert (answer.code, "is no end-of-day file" in answer.err) == (2, True)


def dump(path: Path) -> Path:
    """Write a dump of both exchanges with an option and a future of each."""
    lines = [",".join(DUMP_COLUMNS)]
    for start, (root, exchange) in enumerate((("NIFTY", "NFO"), ("SENSEX", "BFO")), 1):
        kinds = (("CE", 24000), ("PE", 24000), ("FUT", 0))
        for token, (kind, strike) in enumerate(kinds, 1000 * start):
            symbol = f"{root}24NOV{strike or ''}{kind}"
            lines.append(
                f"{token * 256 + 2},{token},{symbol},{root},0,2024-11-28,{strike},0.05,25,"
                f"{kind},{exchange}-{'FUT' if kind == 'FUT' else 'OPT'},{exchange}"
            )
    path.write_text("\n".join([*lines, ""]))
    return path


def test_a_dump_of_both_exchanges_answers_for_its_day(g6: Run, tmp_path: Path) -> None:
    rows = ("--data-dir", str(tmp_path / "rows"))
    path = str(dump(tmp_path / "instruments_2024-11-25.csv"))
    answer = g6("import", "dumps", path, *rows)
    assert (answer.code, answer.out.splitlines()[-1]) == (0, "2024-11-25  NIFTY 2, SENSEX 2")
    stored = sorted(file.name for file in (tmp_path / "rows" / "instruments").rglob("*.parquet"))
    assert stored == ["BFO.parquet", "NFO.parquet"]
    again = g6("import", "dumps", path, *rows)
    assert "nothing new; there already: NIFTY, SENSEX" in again.out


def test_a_dump_without_a_day_asks_for_it(g6: Run, tmp_path: Path) -> None:
    rows = ("--data-dir", str(tmp_path / "rows"))
    path = str(dump(tmp_path / "instruments.csv"))
    answer = g6("import", "dumps", path, *rows)
    assert (answer.code, "does not say its day" in answer.out) == (1, True)
    assert g6("import", "dumps", path, "--day", "2024-11-25", *rows).code == 0


def test_participants_are_kept_and_shown(g6: Run, tmp_path: Path) -> None:
    rows = ("--data-dir", str(tmp_path / "rows"))
    path = participant_file(tmp_path / "fao_participant_oi_25112024.csv")
    answer = g6("import", "participants", str(path), *rows)
    assert (answer.code, answer.out.splitlines()[-1]) == (
        0,
        "2024-11-25  5 participants; FII: 30.0 % of their index futures long",
    )
    shown = json.loads(g6("participants", "--json", *rows).out)
    assert len(shown) > 0
    assert "replaced" not in g6("import", "participants", str(path), *rows).out
    content = path.read_text()
    path.write_text(content.replace("Client,300,200,1,1,900", "Client,300,200,1,1,899", 1))
    path.write_text(path.read_text().replace("TOTAL,500,500,4,4,1910", "TOTAL,500,500,4,4,1909", 1))
    again = g6("import", "participants", str(path), *rows)
    assert again.out.endswith("; other figures of the day were replaced\n")


def test_an_older_configuration_is_printed_and_its_notes_stand_apart(
    g6: Run, tmp_path: Path
) -> None:
    older = tmp_path / "old.json"
    older.write_text(json.dumps({"interval": 30, "use_mock_provider": True, "theme": "dark"}))
    answer = g6("import-config", str(older))
    assert json.loads(answer.out) == {"interval": 30, "provider": {"name": "sim"}}
    assert (answer.code, "theme: left out: theme = 'dark' has no counterpart" in answer.err) == (
        1,
        True,
    )
    written = g6("import-config", str(older), "--out", str(tmp_path / "new.json"))
    assert f"written: {tmp_path / 'new.json'}" in written.out
    assert g6("import-config", str(older), "--out", str(tmp_path / "new.json")).code == 2


def test_closes_alone_rank_the_volatility_of_the_newest_day(g6: Run, tmp_path: Path) -> None:
    days = [date(2024, 10, 3) + timedelta(days=n) for n in range(31)]
    weekdays = [day for day in days if day.weekday() < 5][:21]
    folder = tmp_path / "year"
    folder.mkdir()
    for day in weekdays:
        lines = [tables.UDIFF]
        for ahead in (14, 45):
            expiry = (day + timedelta(days=ahead)).isoformat()
            for option in tables.options():
                row = tables.udiff_row(*option, day=day.isoformat())
                lines.append(row.replace("2024-11-28", expiry))
        (folder / f"BhavCopy_{day:%Y%m%d}.csv").write_text("\n".join([*lines, ""]))
    rows = ("--data-dir", str(tmp_path / "rows"))
    assert g6("import", "table", str(folder), "--yes", *rows).code == 0
    dossier = json.loads(g6("dossier", "NIFTY", "--json", *rows).out)
    assert dossier["iv_rank"]["n_days"] == 20
    assert 0.0 <= dossier["iv_rank"]["percentile"] <= 1.0
    # A rank among fewer sessions than it needs is unknown, and fires nothing.
    g6("alert", "add", "iv_rank >= 0", "--name", "rank")
    fired = []
    for day in (weekdays[10], weekdays[-1]):
        answer = g6("alert", "test", "--day", day.isoformat(), "--json", *rows)
        fired.append("rank" in [alarm["rule"] for alarm in json.loads(answer.out)])
    assert fired == [False, True]


class Archive(HTTPServer):
    """The exchange's archive: a file of each day by its path, or a page where it has moved."""

    def __init__(self, files: Mapping[str, bytes]) -> None:
        super().__init__(("127.0.0.1", 0), ArchiveHandler)
        self.files = files

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/p_DDMMYYYY.csv"


class ArchiveHandler(BaseHTTPRequestHandler):
    server: Archive

    def do_GET(self) -> None:
        content = self.server.files.get(self.path)
        self.send_response(404 if content is None else 200)
        self.end_headers()
        self.wfile.write(content or b"gone")

    def log_message(self, format: str, *arguments: object) -> None:
        """Write nothing."""


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    file = participant_file(tmp_path / "p.csv").read_bytes()
    page = b"<html>the file has moved</html>"
    server = Archive({"/p_25112024.csv": file, "/p_26112024.csv": page, "/p_27112024.csv": file})
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


def test_the_file_of_a_day_is_fetched_and_kept(g6: Run, tmp_path: Path, archive: Archive) -> None:
    rows = ("--data-dir", str(tmp_path / "rows"))
    call = ("import", "participants", "--url", archive.address, *rows)
    answer = g6(*call, "--day", "2024-11-25")
    assert (answer.code, answer.out) == (
        0,
        "2024-11-25  5 participants; FII: 30.0 % of their index futures long\n",
    )
    assert "25 Nov 2024" in g6("participants", *rows).out


@pytest.mark.parametrize(
    ("day", "said"),
    [
        ("2024-11-26", "does not answer the file of 2024-11-26: it is no file of participants"),
        ("2024-11-27", "answers the file of 2024-11-25"),
        ("2024-11-28", "answers 404, and no file of 2024-11-28"),
    ],
)
def test_an_address_that_has_moved_is_told_with_what_helps(
    g6: Run, tmp_path: Path, archive: Archive, day: str, said: str
) -> None:
    rows = ("--data-dir", str(tmp_path / "rows"))
    answer = g6("import", "participants", "--day", day, "--url", archive.address, *rows)
    assert answer.code == 2
    assert said in answer.err
    assert "--url https://…DDMMYYYY.csv" in answer.err
    assert not (tmp_path / "rows" / "participants").exists()


def test_an_archive_that_is_not_there_or_no_address_is_told(g6: Run) -> None:
    call = ("import", "participants", "--day", "2024-11-25", "--url")
    away = g6(*call, "http://127.0.0.1:1/DDMMYYYY")
    assert (away.code, "cannot be reached" in away.err) == (2, True)
    none = g6(*call, "file:///etc/DDMMYYYY")
    assert (none.code, "is no address of a day" in none.err) == (2, True)
    nothing = g6("import", "participants")
    assert (nothing.code, "--day today" in nothing.err) == (2, True)
