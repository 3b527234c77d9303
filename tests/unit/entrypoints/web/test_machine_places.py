"""What leaves by HTTP names no path of the machine, and nothing of another system on it."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import quote

import pytest

from g6.domain.documents.stream_events import note_event
from g6.domain.reports import Alert
from g6.entrypoints.web.problems import told_elsewhere
from g6.entrypoints.web.stream.stream_messages import encoded
from g6.entrypoints.web.study_answers import offered, offered_fields
from g6.errors import BadInput
from g6.errors.machine_places import hide_places
from tests.unit.adapters.data_dir.test_running_systems import system
from tests.unit.entrypoints.web.test_problems import paths, whole_app
from tests.worlds.stored_cycles import store_two_cycles
from tests.worlds.web.asked_over_http import StudyClient, study_app

KNOWN = {"index": "FINNIFTY", "words": "FINNIFTY", "legs": "24000CE", "month": "2026-11"}
FORMS = ("json", "txt")


def addresses() -> list[str]:
    """Return an address of every study, and of one about the system in both kinds of words."""
    found = []
    for study in offered():
        fields = [field.name for field in offered_fields(study) if field.name in KNOWN]
        query = "&".join(f"{name}={quote(KNOWN[name])}" for name in fields)
        forms = FORMS[:1] if study.reader == "stored" else FORMS
        found += [f"/v1/{study.name}.{form}?{query}" for form in forms]
    return found


@pytest.mark.timeout(300)
def test_no_route_names_a_path_or_another_system(tmp_path: Path) -> None:
    here = tmp_path / "here"
    store_two_cycles(here)
    (here / "csv").mkdir(exist_ok=True)
    whole = whole_app(here)
    asked = [(StudyClient(whole), path) for path in paths(whole) if path != "/events"]
    asked += [(StudyClient(study_app(here)), path) for path in addresses()]
    with system(tmp_path / "another-system") as pid:
        for client, path in asked:
            text = client.get(path).text
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
    event = note_event(Alert("disk", "cannot write /srv/g6/data/csv", fix="df /srv/g6/data"))
    assert event is not None
    message = encoded(event, "", 0)
    assert b"/srv" not in message.sse
    assert "/srv" not in message.message
