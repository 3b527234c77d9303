import json
import logging
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from g6.adapters.panel_files import PanelFiles, validate, validator, verify_manifest_hashes
from g6.domain.documents.panels import canonical, digest, envelope
from g6.errors import BadInput, StoreBusy, Unavailable

CYCLE, LATER = "2026-11-20T04:05:00Z", "2026-11-20T04:06:00Z"
WRITER = """
import sys
from pathlib import Path
from g6.adapters.panel_files import PanelFiles
from g6.domain.documents.panels import envelope
panels = PanelFiles(Path(sys.argv[1]))
for i in range(1, 1000):
    cycle = f"2026-11-20T05:{i // 60:02d}:{i % 60:02d}Z"
    panels.put({name: envelope(name, {"i": i}, cycle, cycle) for name in ("summary", "indices", "alerts")})
"""


def documents(cycle: str, value: Any = 1) -> dict[str, dict[str, Any]]:
    return {name: envelope(name, {"value": value}, cycle, cycle) for name in ("summary", "indices")}


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    PanelFiles(tmp_path / "panels").put(documents(CYCLE))
    return tmp_path / "panels"


def test_the_manifest_names_every_panel_with_its_whole_hash(directory: Path) -> None:
    manifest = json.loads((directory / "manifest.json").read_text())
    whole = digest({"value": 1})
    assert manifest == {
        "panels": ["indices", "summary"], "hashes": {"indices.json": whole, "summary.json": whole}, "generated_at": CYCLE,
    }  # fmt: skip


def test_a_later_put_of_some_panels_keeps_the_others_in_the_manifest(directory: Path) -> None:
    PanelFiles(directory).put({"alerts": envelope("alerts", {}, LATER, LATER)})
    assert json.loads((directory / "manifest.json").read_text())["panels"] == [
        "alerts",
        "indices",
        "summary",
    ]
    assert verify_manifest_hashes(directory) == {}


def test_a_clean_tree_has_no_issues(directory: Path) -> None:
    assert verify_manifest_hashes(directory) == {}
    assert PanelFiles(directory).verify() == {}


def test_a_store_without_panels_has_no_issues(tmp_path: Path) -> None:
    assert PanelFiles(tmp_path / "none").verify() == {}
    with pytest.raises(Unavailable, match="no directory"):
        verify_manifest_hashes(tmp_path / "none")


def tampered(directory: Path, **changes: Any) -> None:
    path = directory / "summary.json"
    path.write_bytes(canonical(json.loads(path.read_bytes()) | changes))


def test_changed_data_is_a_mismatch(directory: Path) -> None:
    tampered(directory, data={"value": 2})
    assert verify_manifest_hashes(directory) == {"summary.json": "mismatch"}


def test_a_panel_that_is_gone_is_missing(directory: Path) -> None:
    (directory / "summary.json").unlink()
    assert verify_manifest_hashes(directory) == {"summary.json": "file_missing"}


def test_a_hash_of_another_form_is_named(directory: Path) -> None:
    manifest = json.loads((directory / "manifest.json").read_text())
    manifest["hashes"]["summary.json"] = "abc"
    (directory / "manifest.json").write_text(json.dumps(manifest))
    assert verify_manifest_hashes(directory) == {"summary.json": "invalid_hash_format"}


def test_a_panel_that_is_no_json_is_a_read_error(directory: Path) -> None:
    (directory / "summary.json").write_text('{"panel": ')
    assert verify_manifest_hashes(directory) == {"summary.json": "read_error:JSONDecodeError"}


def test_json_that_is_no_panel_is_an_error(directory: Path) -> None:
    (directory / "summary.json").write_text("{}")
    assert verify_manifest_hashes(directory) == {"summary.json": "error:KeyError"}


def test_a_manifest_that_is_gone_or_damaged_is_named(directory: Path) -> None:
    (directory / "manifest.json").write_text("{")
    assert verify_manifest_hashes(directory) == {"manifest.json": "read_error:JSONDecodeError"}
    (directory / "manifest.json").unlink()
    assert verify_manifest_hashes(directory) == {"manifest.json": "file_missing"}


def test_a_whole_envelope_is_valid() -> None:
    assert validate(documents(CYCLE)["summary"], "strict") == ()


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("version", 2),
        ("generated_at", "2026-11-20 04:05"),
        ("data", "text"),
        ("meta", {}),
        ("more", 1),
    ],
)
def test_strict_validation_refuses_before_anything_is_written(
    tmp_path: Path, key: str, value: Any
) -> None:
    bad = documents(CYCLE)["summary"] | {key: value}
    with pytest.raises(BadInput, match=r"summary\.json"):
        PanelFiles(tmp_path / "panels", "strict").put({"summary": bad})
    assert not (tmp_path / "panels").exists()


ODD = (None, True, 1, 1.0, "", "x", "a b", [], {}, "2026-11-20T04:05:00Z", "2026-11-20T04:05:00Z\n")
PLACES = ("panel", "version", "generated_at", "updated_at", "data", "meta", "more")
MARKS = ("source", "schema", "hash", "more")


@pytest.mark.parametrize("value", ODD, ids=repr)
@pytest.mark.parametrize("place", [*PLACES, *(f"meta.{name}" for name in MARKS)])
def test_a_panel_has_the_faults_that_the_schema_finds(place: str, value: Any) -> None:
    document = documents(CYCLE)["summary"]
    within, _, name = place.rpartition(".")
    part = document[within] if within else document
    for changed in ({**part, name: value}, {key: part[key] for key in part if key != name}):
        panel = document | {within: changed} if within else changed
        faults = [
            f"{'.'.join(map(str, error.absolute_path)) or 'document'}: {error.message}"
            for error in validator().iter_errors(panel)
        ]
        issues = validate(panel, "warn", "0" * 64)
        assert [issue for issue in issues if "not the hash" not in issue] == sorted(faults)


@pytest.mark.parametrize(
    "data",
    [{"b": [1, 2.5, "₹", None], "a": {"x": True}}, {"n": 49.55000000000001}, {"n": float("nan")}],
    ids=repr,
)
@pytest.mark.parametrize("mark", ["of the data", "another"])
def test_a_panel_is_written_as_canonical_json_whatever_its_mark_is(
    tmp_path: Path, data: dict[str, Any], mark: str
) -> None:
    document = envelope("summary", data, CYCLE, CYCLE) | {"data": data}
    if mark == "another":
        document["meta"] = document["meta"] | {"hash": "0" * 12}
    PanelFiles(tmp_path, "off").put({"summary": document})
    assert (tmp_path / "summary.json").read_bytes() == canonical(document) + b"\n"
    manifest = json.loads((tmp_path / "manifest.json").read_text())
    assert manifest["hashes"] == {"summary.json": digest(data)}


def test_a_hash_that_is_not_of_the_data_is_invalid() -> None:
    bad = documents(CYCLE)["summary"] | {"data": {"value": 3}}
    with pytest.raises(BadInput, match="not the hash"):
        validate(bad, "strict")


def test_a_warning_is_logged_and_the_panel_written(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    bad = documents(CYCLE)["summary"] | {"version": 2}
    with caplog.at_level(logging.WARNING):
        assert PanelFiles(tmp_path, "warn").put({"summary": bad}) == ("summary",)
    assert "version" in caplog.text


def test_validation_that_is_off_looks_at_nothing() -> None:
    assert validate({}, "off") == ()


def test_an_older_cycle_is_known_as_older_after_a_crash_before_the_panels(directory: Path) -> None:
    (directory / ".cycles.json").write_text(json.dumps({"summary": LATER, "indices": LATER}))
    assert PanelFiles(directory).put(documents(CYCLE, 2)) == ()
    assert sorted(PanelFiles(directory).put(documents(LATER, 3))) == ["indices", "summary"]


def test_a_writer_killed_at_any_moment_leaves_panels_that_parse(tmp_path: Path) -> None:
    manifest = tmp_path / "manifest.json"
    for i in range(3):
        writer = subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path)])
        seen = manifest.stat().st_mtime_ns if manifest.exists() else 0
        while writer.poll() is None and not (
            manifest.exists() and manifest.stat().st_mtime_ns != seen
        ):
            pass
        writer.kill()
        writer.wait()
        assert {
            json.loads(path.read_bytes())["panel"] for path in tmp_path.glob("[!.m]*.json")
        } == {"summary", "indices", "alerts"}
        cycle = f"2026-11-20T07:00:0{i}Z"
        PanelFiles(tmp_path).put(
            {name: envelope(name, {}, cycle, cycle) for name in ("summary", "indices", "alerts")}
        )
        assert verify_manifest_hashes(tmp_path) == {}
        (tmp_path / ".cycles.json").unlink()


def test_a_directory_that_cannot_be_made_is_named_with_the_fix(tmp_path: Path) -> None:
    (tmp_path / "panels").write_text("")
    with pytest.raises(StoreBusy, match="panels"):
        PanelFiles(tmp_path / "panels").put(documents(CYCLE))
    assert [each.name for each in tmp_path.iterdir()] == ["panels"]
