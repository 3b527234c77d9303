"""What an installation is made of is listed whole, and an audit that reached nobody is none."""

from __future__ import annotations

import json
from pathlib import Path

from deploy.supply_chain import LOCK, Audit, write_bill


def test_the_bill_names_every_library_of_the_lock_with_its_version(tmp_path: Path) -> None:
    path = tmp_path / "bom.json"
    write_bill(path)
    bill = json.loads(path.read_text("utf-8"))
    assert bill["bomFormat"] == "CycloneDX"
    assert bill["metadata"]["component"]["name"] == "g6"
    lines = [line.partition(" ;")[0] for line in LOCK.read_text("utf-8").splitlines()]
    listed = {f"{part['name']}=={part['version']}" for part in bill["components"]}
    assert listed == set(lines)


def test_a_weak_library_is_named_with_what_mends_it() -> None:
    advisory = {"id": "PYSEC-2026-1", "fix_versions": ["2.1"], "aliases": [], "description": ""}
    libraries = [
        {"name": "weak", "version": "2.0", "vulns": [advisory]},
        {"name": "sound", "version": "1.0", "vulns": []},
    ]
    answer = Audit.parse(json.dumps({"dependencies": libraries, "fixes": []}))
    assert answer == Audit(2, ["weak 2.0: PYSEC-2026-1, mended in 2.1"])


def test_a_library_that_nobody_was_asked_about_does_not_count() -> None:
    skipped = {"name": "unknown", "skip_reason": "Dependency not found on PyPI"}
    assert Audit.parse(json.dumps({"dependencies": [skipped]})) == Audit(0, [])
    assert Audit.parse("") == Audit(0, [])
