"""`g6 panels verify`."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from g6.domain.documents.panels import canonical, envelope

CYCLE = "2026-11-18T05:30:00Z"


@pytest.fixture
def panels(tmp_path: Path) -> Path:
    data = {"spot": 1}
    digest = hashlib.sha256(
        json.dumps(data, sort_keys=True, separators=(",", ":")).encode()
    ).hexdigest()
    directory = tmp_path / "panels"
    directory.mkdir()
    (directory / "indices.json").write_text(
        json.dumps({"panel": "indices", "data": data, "meta": {"hash": digest[:12]}})
    )
    (directory / "manifest.json").write_text(
        json.dumps({"panels": ["indices"], "hashes": {"indices.json": digest}})
    )
    return directory


def test_clean_panels_exit_zero(g6: Any, panels: Path) -> None:
    assert g6("panels", "verify", "--panels-dir", str(panels), "--strict").code == 0


@pytest.mark.parametrize(("strict", "code"), [(["--strict"], 1), ([], 0)])
def test_a_tampered_panel_is_an_issue_and_fails_only_when_strict(
    g6: Any, panels: Path, strict: list[str], code: int
) -> None:
    (panels / "indices.json").write_text(json.dumps({"panel": "indices", "data": {"spot": 2}}))
    answer = g6("panels", "verify", "--panels-dir", str(panels), "--json", *strict)
    assert answer.code == code
    assert json.loads(answer.out) == {"issues": {"indices.json": "mismatch"}, "count": 1}


def test_quiet_writes_nothing(g6: Any, panels: Path) -> None:
    (panels / "indices.json").unlink()
    answer = g6("panels", "verify", "--panels-dir", str(panels), "--quiet", "--strict")
    assert (answer.code, answer.out) == (1, "")


def test_a_directory_without_a_manifest_could_not_be_checked(g6: Any, tmp_path: Path) -> None:
    answer = g6("panels", "verify", "--panels-dir", str(tmp_path / "none"))
    assert answer.code == 2
    assert "has no manifest.json" in answer.err


def test_panels_that_are_named_are_checked_alone(g6: Any, panels: Path) -> None:
    (panels / "indices.json").unlink()
    place = ("--panels-dir", str(panels), "--strict")
    assert "indices.json: file_missing" in g6("panels", "verify", "indices", *place).out
    (panels / "cycle.json").write_text("{}")
    assert g6("panels", "verify", "cycle", *place).code == 0
    answer = g6("panels", "verify", "index_NIFTY", *place)
    assert answer.code == 2
    assert "there is no panel in" in answer.err


def test_plain_files_of_an_older_system_get_envelopes_and_a_manifest(
    g6: Any, tmp_path: Path
) -> None:
    old = tmp_path / "old"
    old.mkdir()
    (old / "summary.json").write_text(
        json.dumps({"updated_at": "2025-03-04T05:30:00", "ltp": 24000.5})
    )
    (old / "rows.json").write_text("[1, 2]")
    (old / "broken.json").write_text("{")
    (old / "a b.json").write_text("{}")
    before = {path.name: path.read_bytes() for path in old.iterdir()}
    answer = g6("panels", "convert", str(old), "--to", str(tmp_path / "new"), "--json")
    assert answer.code == 1
    document = json.loads(answer.out)
    assert document["converted"] == ["rows", "summary"]
    assert set(document["refused"]) == {"broken.json", "a b.json"}
    panel = json.loads((tmp_path / "new" / "summary.json").read_text())
    assert panel["data"] == {"updated_at": "2025-03-04T05:30:00", "ltp": 24000.5}
    assert panel["updated_at"] == "2025-03-04T05:30:00Z"
    assert {path.name: path.read_bytes() for path in old.iterdir()} == before
    check = g6("panels", "verify", "--panels-dir", str(tmp_path / "new"), "--strict")
    assert check.code == 0


def test_what_has_an_envelope_is_not_wrapped_again(g6: Any, tmp_path: Path) -> None:
    (tmp_path / "rows.json").write_text("[1]")
    assert g6("panels", "convert", str(tmp_path)).code == 0
    again = g6("panels", "convert", str(tmp_path / "converted"), "--json")
    assert json.loads(again.out)["enveloped"] == ["rows.json"]


def test_a_directory_without_panels_has_nothing_to_convert(g6: Any, tmp_path: Path) -> None:
    answer = g6("panels", "convert", str(tmp_path))
    assert answer.code == 3
    assert "there is no panel file" in answer.err


def test_reads_are_timed_and_held_against_a_bound(g6: Any, panels: Path) -> None:
    place = ("--panels-dir", str(panels), "--reads", "5", "--json")
    answer = g6("panels", "bench", *place, "--most-ms", "0")
    assert answer.code == 0
    assert json.loads(answer.out)["aggregate"]["p95_s"] > 0
    assert g6("panels", "bench", *place, "--most-ms", "0.000001").code == 1
    nothing = g6("panels", "bench", "--panels-dir", str(panels / "none"))
    assert nothing.code == 2


def test_a_delta_rebuilds_the_later_panel_and_refuses_another_beginning(
    g6: Any, tmp_path: Path
) -> None:
    old, new, other = (tmp_path / name for name in ("old.json", "new.json", "other.json"))
    for path, spot in ((old, 1), (new, 2), (other, 3)):
        document = envelope("indices", {"spot": spot, "vix": 9}, CYCLE, f"{CYCLE[:-1]}.{spot}Z")
        path.write_bytes(canonical(document) + b"\n")
    delta = tmp_path / "delta.json"
    delta.write_text(g6("panels", "delta", str(old), str(new)).out)
    assert json.loads(delta.read_text())["diff"] == {"edit": {"spot": {"to": 2}}}
    assert g6("panels", "apply", str(old), str(delta)).out == new.read_text()
    refusal = g6("panels", "apply", str(other), str(delta))
    assert (refusal.code, refusal.out) == (2, "")
    assert "read the whole panel" in refusal.err


@pytest.mark.parametrize("text", ["{", "[]", "{}"])
def test_a_file_that_is_no_panel_or_delta_is_refused(g6: Any, panels: Path, text: str) -> None:
    bad = panels / "bad.json"
    bad.write_text(text)
    assert g6("panels", "delta", str(bad), str(bad)).code == 2
    assert g6("panels", "apply", str(panels / "indices.json"), str(bad)).code == 2
    assert g6("panels", "apply", str(panels / "none.json"), str(bad)).code == 2
