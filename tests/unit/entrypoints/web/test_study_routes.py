"""Studies over HTTP: forms, tags, instants, refusals."""

from __future__ import annotations

import io
import json
import re
from datetime import date
from pathlib import Path

import openpyxl
import pyarrow as pa
import pytest

from g6.adapters.parquet import ParquetStore
from g6.bootstrap.stored_files.certified_days import stored_days
from g6.config import calendar, load
from g6.domain.cycles.cycle import parse_z
from g6.entrypoints.web.study_answers import offered, offered_fields
from g6.simulation import SimulatedMarket
from g6.studies.table import STUDIES, Study
from tests.worlds.stored_cycles import STORED_CYCLES, store_two_cycles
from tests.worlds.web.asked_over_http import StudyClient, client_of

CHAIN = "/v1/chain?index=FINNIFTY"


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> StudyClient:
    directory: Path = tmp_path_factory.mktemp("asked")
    store_two_cycles(directory)
    # Of a live market they would be stale while the exchange trades: from 09:15 of any weekday.
    (directory / ".kind").write_text("sim\n")
    return client_of(directory)


def test_the_list_names_every_study_that_reads_stored_rows(client: StudyClient) -> None:
    listed = {study["name"] for study in client.get("/v1").json()["studies"]}
    assert {study.name for study in STUDIES if study.reader == "stored"} <= listed


def test_no_route_asks_a_provider_or_reads_a_path_of_the_caller(client: StudyClient) -> None:
    assert "provider" not in {study.reader for study in offered()}
    fields = {field.name for study in offered() for field in offered_fields(study)}
    assert not fields & {"files", "refresh", "from_dumps"}
    answer = client.get("/v1/inspect?snapshot=/etc/rows.parquet")
    assert (answer.status_code, "file" in answer.json()["detail"]) == (422, True)


def test_listings_are_those_of_the_stored_dumps(tmp_path: Path) -> None:
    store_two_cycles(tmp_path)
    client = client_of(tmp_path)
    assert client.get("/v1/expiries?index=FINNIFTY").status_code == 404
    market = SimulatedMarket(calendar())
    at = parse_z(STORED_CYCLES[0])
    ParquetStore(tmp_path).keep_listing(market.listing("FINNIFTY", at), "NFO")
    document = client.get("/v1/expiries?index=FINNIFTY&at=2026-11-18").json()
    assert "kept on 2026-11-18" in json.dumps(document["data"])
    assert client.get("/v1/instrument?words=FINNIFTY&at=2026-11-18").status_code == 200
    assert client.get("/v1/calendar?month=2026-11").status_code == 200
    assert client.get("/v1/lots").status_code == 200


def test_the_catalogue_tells_what_is_stored(client: StudyClient) -> None:
    (day,) = client.get("/v1/catalogue").json()["data"]
    assert (day["index"], day["day"], day["cycles"]) == ("FINNIFTY", "2026-11-18", 2)
    assert (day["first"], day["last"]) == STORED_CYCLES
    assert day["config_ids"] == ["c1"]
    assert day["bytes"] > 1_000
    assert client.get("/v1/catalogue?index=NIFTY").status_code == 404
    tag = {"If-None-Match": client.get("/v1/catalogue").headers["etag"]}
    assert client.get("/v1/catalogue", tag).status_code == 304


def test_a_study_of_every_index_says_whose_rows_it_is_of(client: StudyClient) -> None:
    document = client.get("/v1/analyze").json()
    assert document["instant"] == STORED_CYCLES[-1]
    assert document["source"] == "sim"


def test_an_answer_says_of_which_cycle_and_whose_rows_it_is(client: StudyClient) -> None:
    answer = client.get(CHAIN)
    document = answer.json()
    assert document["instant"] == STORED_CYCLES[-1] == answer.headers["g6-instant"]
    assert document["source"] == "sim"
    assert document["coverage"] == 1.0
    assert document["config_id"] == "c1"
    assert document["stale"] is False
    assert document["observed_at"] >= document["instant"]
    assert document["data"]["index"] == "FINNIFTY"


def test_rows_of_a_certified_day_name_its_certificate_in_the_head_alone(tmp_path: Path) -> None:
    store_two_cycles(tmp_path)
    settings = load(None, {"data_dir": str(tmp_path), "demo_dir": str(tmp_path)})
    client = client_of(tmp_path)
    before = client.get(CHAIN)
    assert "g6-certificate" not in before.headers
    history = stored_days(settings)
    day = date(2026, 11, 18)
    for name in ("FINNIFTY", "overview"):
        history.compact(name, day)
    after = client.get(CHAIN)
    words = after.headers["g6-certificate"].split()
    assert (words[:2], len(words[2])) == (["2026-11-18", "v1"], 64)
    assert after.headers["etag"] == before.headers["etag"]


def test_an_instant_asks_for_the_newest_cycle_that_was_known_then(client: StudyClient) -> None:
    first = client.get(f"{CHAIN}&at=2026-11-18T11:02").json()
    assert first["instant"] == STORED_CYCLES[0]
    latest = client.get(f"{CHAIN}&at=latest").json()
    assert latest["instant"] == STORED_CYCLES[-1]


def test_every_form_has_the_same_rows(client: StudyClient) -> None:
    rows = client.get("/v1/chain.ndjson?index=FINNIFTY").text.splitlines()
    strikes = [json.loads(row)["strike"] for row in rows]
    csv = client.get("/v1/chain.csv?index=FINNIFTY").text.splitlines()
    place = csv[0].split(",").index("strike")
    assert [float(line.split(",")[place]) for line in csv[1:]] == strikes
    arrow = client.get("/v1/chain.arrow?index=FINNIFTY").content
    table = pa.ipc.open_stream(io.BytesIO(arrow)).read_all()
    assert table.column("strike").to_pylist() == strikes
    assert table.schema.metadata[b"g6.instant"].decode() == STORED_CYCLES[-1]
    narrow = client.get("/v1/chain.txt?index=FINNIFTY", {"G6-Columns": "72"})
    assert narrow.headers["content-type"] == "text/plain; charset=utf-8"
    assert "CALLS" in narrow.content.decode()
    ruled = [line for line in narrow.content.decode().splitlines() if line.startswith("──")]
    assert len(ruled) == 1
    assert len(ruled[0]) <= 72
    sheet = openpyxl.load_workbook(io.BytesIO(client.get("/v1/chain.xlsx?index=FINNIFTY").content))[
        "rows"
    ]
    heading, *lines = sheet.iter_rows(values_only=True)
    assert [line[heading.index("strike")] for line in lines] == strikes


def test_a_page_has_no_script_and_says_how_to_get_its_rows(client: StudyClient) -> None:
    page = client.get("/v1/chain.html?index=FINNIFTY&at=2026-11-18T11:03").text
    assert "<script" not in page
    assert (
        "=IMPORTDATA(&quot;http://g6/v1/chain.csv?index=FINNIFTY&amp;at=2026-11-18T11:03&quot;)"
        in page
    )
    assert "http://g6/v1/chain.xlsx?index=FINNIFTY&amp;at=2026-11-18T11:03" in page
    assert "g6.ask.chain(index=&#x27;FINNIFTY&#x27;, at=&#x27;2026-11-18T11:03&#x27;)" in page


OPTION = re.compile(r"(?<![\w-])--[a-z]")
COMMAND = re.compile(r"\bg6(?: (?:[^\s;,`<\"]|[;,](?=\S))+)+")
KNOWN = {"index": "FINNIFTY", "words": "FINNIFTY", "legs": "24000CE", "month": "2026-11"}


def options_in(text: str) -> list[str]:
    """Return the options that a text names outside whole commands, which a shell takes."""
    without = COMMAND.sub("", text)
    return [without[match.start() - 60 : match.end() + 20] for match in OPTION.finditer(without)]


@pytest.mark.parametrize("form", ["html", "txt"])
@pytest.mark.parametrize("study", offered(), ids=lambda study: study.name)
def test_no_answer_names_an_option_of_the_command_line(
    client: StudyClient, study: Study, form: str
) -> None:
    fields = [field for field in offered_fields(study) if field.name in KNOWN]
    query = "&".join(f"{field.name}={KNOWN[field.name]}" for field in fields)
    answer = client.get(f"/v1/{study.name}.{form}?{query}")
    if answer.status_code != 200 and study.reader != "stored":
        pytest.skip("the refusal is of this machine, and tells how a system is started there")
    text = answer.text.partition("<body>")[2] or answer.text
    assert options_in(text) == []


def test_an_answer_of_chosen_rows_says_which_form_has_all(client: StudyClient) -> None:
    page = client.get("/v1/exposures.html?index=FINNIFTY").text
    assert "strikes; JSON has all" in page


def test_no_description_and_no_refusal_names_an_option(client: StudyClient) -> None:
    assert options_in(client.get("/openapi.json").text) == []
    assert options_in(client.get("/v1").text) == []
    for study in offered():
        refused = client.get(f"/v1/{study.name}?at=11:02&no_such_name=1")
        assert options_in(refused.text) == []


def test_what_did_not_change_is_not_sent_again(client: StudyClient) -> None:
    first = client.get(CHAIN)
    tag = first.headers["etag"]
    again = client.get(CHAIN, {"If-None-Match": f'"other", {tag}'})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["last-modified"] == first.headers["last-modified"]
    older = client.get(f"{CHAIN}&at=2026-11-18T11:02", {"If-None-Match": tag})
    assert older.status_code == 200


@pytest.mark.parametrize("at", ["", "?at=2026-11-18T11:02"])
def test_a_panel_that_there_is_not_gets_the_nearest(client: StudyClient, at: str) -> None:
    answer = client.get(f"/v1/panels/index_FINIFTY{at}")
    assert (answer.status_code, answer.json()["fix"][:29]) == (404, "did you mean index_FINNIFTY? ")


NAMES = frozenset({"index", "indices", "expiry", "expiries", "name", "exchange", "root", "roots"})
"""Parameters that name one of few things."""


def test_no_study_takes_a_name_that_there_is_not(client: StudyClient) -> None:
    known = {"index": "FINNIFTY", "words": "FINNIFTY", "legs": "24000CE", "month": "2026-11"}
    for study in offered():
        fields = offered_fields(study)
        needed = {
            field.name: known[field.name]
            for field in fields
            if field.name in known and (field.is_required or field.name == "index")
        }
        for field in fields:
            if field.name in NAMES:
                words = {**needed, field.name: "NIFTI"}
                query = "&".join(f"{name}={value}" for name, value in words.items())
                answer = client.get(f"/v1/{study.name}?{query}")
                assert answer.status_code in {404, 422}, (study.name, field.name)
                assert "NIFTI" in answer.json()["detail"], (study.name, field.name, answer.text)


@pytest.mark.parametrize(
    ("path", "status", "words"),
    [
        ("/v1/chain", 422, "index"),
        ("/v1/chain?index=NIFTI", 422, "NIFTI"),
        (f"{CHAIN}&at=yesteryear", 422, "no instant"),
        (f"{CHAIN}&strikes=3", 422, "no parameter 'strikes'"),
        ("/v1/interest?index=FINNIFTY&cycles=0", 422, "cycles"),
        ("/v1/interest?index=FINNIFTY&cycles=many", 422, "cycles"),
        ("/v1/chain?index=NIFTY", 404, "nothing of NIFTY"),
        (f"{CHAIN}&expiry=2031-01-02", 404, "no expiry"),
        (f"{CHAIN}&at=2025-01-02", 404, "nothing of FINNIFTY"),
        (f"{CHAIN}&at=2126-01-02", 404, "lies ahead"),
    ],
)
def test_a_question_without_an_answer_is_a_problem_that_says_why(
    client: StudyClient, path: str, status: int, words: str
) -> None:
    answer = client.get(path)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    document = answer.json()
    assert words in document["detail"]
    assert document["status"] == status
    assert document["title"]


def test_the_description_for_programs_has_every_parameter(client: StudyClient) -> None:
    description = client.get("/openapi.json").json()
    for study in client.get("/v1").json()["studies"]:
        operation = description["paths"][study["path"]]["get"]
        names = (
            [parameter["name"] for parameter in operation["parameters"]]
            if study["parameters"]
            else []
        )
        assert names == [parameter["name"] for parameter in study["parameters"]]
        assert {"304", "404", "422", "503"} <= set(operation["responses"])


def test_a_search_of_stored_dumps_answers_of_those_that_are_there(tmp_path: Path) -> None:
    client = client_of(tmp_path)
    path = "/v1/instrument?words=search+NIFTY&at=2026-11-18"
    refused = client.get(path)
    assert refused.status_code == 404
    assert "no instruments of" in refused.json()["detail"]
    at = parse_z("2026-11-18T05:30:00Z")
    market = SimulatedMarket(calendar())
    ParquetStore(tmp_path).keep_listing(market.listing("NIFTY", at), "NFO")
    answer = client.get(path)
    assert answer.status_code == 200, answer.text
    assert {row["underlying"] for row in answer.json()["data"]} == {"NIFTY"}
    assert client.get(path.replace("NIFTY", "SENSEX")).status_code == 404
