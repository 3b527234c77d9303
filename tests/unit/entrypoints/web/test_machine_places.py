"""What leaves by HTTP names no path of the machine, and nothing of another system on it."""

from __future__ import annotations

import io
import re
import threading
import zipfile
from pathlib import Path
from urllib.parse import quote

import pytest

from g6.adapters.memory.bus import MemoryBus
from g6.adapters.memory.panels import MemoryPanels
from g6.adapters.memory.totals import MemoryTotals
from g6.domain.documents.panels import envelope
from g6.domain.documents.stream_events import note_event, panel_hash
from g6.domain.reports import Alert, CycleReport
from g6.domain.reports.panel_alerts import panel_alert
from g6.domain.schema.words import Severity, Status
from g6.entrypoints.web.apps import metrics_app
from g6.entrypoints.web.problems import told_elsewhere
from g6.entrypoints.web.state import Watcher
from g6.entrypoints.web.stream.hub import Hub
from g6.entrypoints.web.stream.stream_messages import encoded
from g6.entrypoints.web.study_answers import offered, offered_fields
from g6.errors import BadInput
from g6.errors.machine_places import hide_places
from g6.observability.follower import BusFollower
from tests.unit.adapters.data_dir.test_running_systems import system
from tests.unit.entrypoints.web.test_problems import paths, whole_app
from tests.unit.entrypoints.web.test_serve import world
from tests.waiting import eventually
from tests.worlds.stored_cycles import store_two_cycles
from tests.worlds.web.asked_over_http import StudyClient, study_app

KNOWN = {"index": "FINNIFTY", "words": "FINNIFTY", "legs": "24000CE", "month": "2026-11"}
CYCLE = "2026-11-18T05:30:00Z"
FORMS = ("json", "txt", "ndjson", "html", "csv", "arrow", "xlsx")
DISK = Alert("disk", "cannot write /srv/g6/data/csv", fix="df /srv/g6/data")


def addresses() -> list[str]:
    """Return an address of every study in every form that it may have."""
    found = []
    for study in offered():
        fields = [field.name for field in offered_fields(study) if field.name in KNOWN]
        query = "&".join(f"{name}={quote(KNOWN[name])}" for name in fields)
        found += [f"/v1/{study.name}.{form}?{query}" for form in FORMS]
    return found


def text_of(content: bytes) -> str:
    """Return the text of an answer, of a workbook that of its members."""
    parts = [content]
    if content.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(content)) as workbook:
            parts = [workbook.read(name) for name in workbook.namelist()]
    return "\n".join(member.decode("utf-8", "replace") for member in parts)


@pytest.mark.timeout(300)
def test_no_route_names_a_path_or_another_system(tmp_path: Path) -> None:
    here = tmp_path / "my own rows/of g6"
    store_two_cycles(here)
    (here / "csv").mkdir(exist_ok=True)
    whole = whole_app(here)
    runtime = world()
    metrics = metrics_app(Watcher(runtime, BusFollower(runtime.bus, MemoryTotals(), ())))
    asked = [(StudyClient(whole), path) for path in paths(whole) if path != "/events"]
    studies = StudyClient(study_app(here))
    asked += [(studies, path) for path in addresses()]
    asked += [(StudyClient(metrics), path) for path in paths(metrics)]
    with system(tmp_path / "another-system") as pid:
        for client, path in asked:
            text = text_of(client.get(path).content)
            assert "my own rows" not in text, path
            assert str(tmp_path) not in text, path
            assert str(Path.home()) + "/" not in text, path
            assert str(Path.cwd()) not in text, path
            assert "another-system" not in text, path
            assert not re.search(rf"process (?:id )?{pid}\b", text), path


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("no certificate is stored in /srv/g6/data", "no certificate is stored in …/data"),
        ("add --data-dir '/srv/my rows/g6'", "add --data-dir '…/g6'"),
        ("no G6 runs on /srv/my own rows/g6, and", "no G6 runs on …/g6, and"),
        ("cp /srv/a b/c.csv to /srv/d/e f/g --into x/y", "cp …/c.csv to …/g --into x/y"),
        ("is in use by g6 up (process 17) in /a/b/", "is in use by g6 up in …/b"),
        ("PAGE: http://127.0.0.1:8080/v1/chain", "PAGE: http://127.0.0.1:8080/v1/chain"),
        ("redis://127.0.0.1:6379/0, 3/4 of docs/how-to/x.md", None),
        ("/v1/panels/health and /panels/health", None),
        ("sent at 05:30:00Z", None),
    ],
)
def test_a_path_keeps_its_last_name_and_an_address_all(text: str, told: str | None) -> None:
    assert hide_places(text) == (text if told is None else told)


def test_an_error_and_an_alert_leave_without_the_path() -> None:
    error = BadInput("/srv/g6/data/rows.parquet", 3, "is cut off", "mv /srv/g6/data/rows.parquet x")
    assert told_elsewhere(error) == ("…/rows.parquet, row 3: is cut off", "mv …/rows.parquet x")
    event = note_event(DISK)
    assert event is not None
    message = encoded(event, "", 0)
    assert b"/srv" not in message.sse
    assert "/srv" not in message.message


def test_the_panel_of_alerts_leaves_without_the_path_and_with_the_hash_of_what_it_shows(
    tmp_path: Path,
) -> None:
    store_two_cycles(tmp_path)
    shown = {"alerts": [panel_alert(Severity.CRITICAL, DISK).to_json()]}
    stored = MemoryPanels()
    stored.put({"alerts": envelope("alerts", shown, CYCLE, CYCLE)})
    client = StudyClient(whole_app(tmp_path, panels=stored))
    old = client.get("/panels/alerts").json()
    (alert,) = old["data"]["alerts"]
    assert (alert["reason"], alert["fix"]) == ("cannot write …/csv", "df …/data")
    assert old["meta"]["hash"] == panel_hash(old["data"])
    assert client.get("/v1/panels/alerts").json()["data"] == old["data"]


def test_listeners_are_sent_the_panel_of_alerts_without_the_path() -> None:
    shown = {"alerts": [panel_alert(Severity.CRITICAL, DISK).to_json()]}
    stored = MemoryPanels()
    bus = MemoryBus()
    hub = Hub(bus, stored, length=16, heartbeat_seconds=1.0)
    stored.put({"alerts": envelope("alerts", shown, CYCLE, CYCLE)})
    stop = threading.Event()
    thread = threading.Thread(target=hub.run, args=(stop,))
    thread.start()
    eventually(lambda: hub.sequence.place().panels)
    bus.publish(CycleReport(CYCLE, Status.OK, {}, {}, {}, 0.0, 0.5))
    eventually(lambda: CYCLE in hub.sequence.place().ended)
    stop.set()
    thread.join()
    place = hub.sequence.place()
    assert place.hashes["alerts"] == panel_hash(place.panels["alerts"])
    assert "/srv" not in hub.sequence.snapshot(is_recovered=True).message
