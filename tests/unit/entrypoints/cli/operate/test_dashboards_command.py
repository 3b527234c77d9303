"""`g6 dashboards` writes the dashboards and tells which panels of a file were changed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from g6.entrypoints.cli import main
from g6.observability.catalogue.dashboards import DASHBOARDS


def test_what_build_writes_verify_finds_unchanged(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["dashboards", "build", "--dir", str(tmp_path)]) == 0
    assert {path.stem for path in tmp_path.glob("*.json")} == {each.uid for each in DASHBOARDS}
    capsys.readouterr()
    assert main(["dashboards", "verify", "--dir", str(tmp_path)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines == [f"{each.uid}: as the catalogue says" for each in DASHBOARDS]


def test_an_edited_panel_is_named_and_the_exit_code_is_6(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["dashboards", "build", "--dir", str(tmp_path), "--only", "g6-home"])
    path = tmp_path / "g6-home.json"
    document = json.loads(path.read_text("utf-8"))
    title = document["panels"][2]["title"]
    document["panels"][2]["fieldConfig"]["defaults"]["unit"] = "ms"
    path.write_text(json.dumps(document), "utf-8")
    capsys.readouterr()
    words = ["dashboards", "verify", "--dir", str(tmp_path), "--only", "g6-home"]
    assert main(words) == 6
    assert capsys.readouterr().out == f"g6-home: changed: {title}\n"
    assert main([*words, "--json"]) == 6
    assert json.loads(capsys.readouterr().out) == {
        "uid": "g6-home",
        "added": [],
        "removed": [],
        "changed": [title],
    }


def test_a_name_that_is_none_and_a_file_that_is_none_are_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["dashboards", "build", "--dir", str(tmp_path), "--only", "g6-hom"]) == 2
    assert "there is no dashboard g6-hom" in capsys.readouterr().err
    (tmp_path / "g6-bus.json").write_text("[]", "utf-8")
    assert main(["dashboards", "verify", "--dir", str(tmp_path), "--only", "g6-bus"]) == 2
    assert "g6-bus.json: no dashboard" in capsys.readouterr().err
