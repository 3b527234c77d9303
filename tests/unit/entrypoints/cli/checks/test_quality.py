"""`g6 quality`: kept results of certified days, days and cycles that are checked now, and the history."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import g6 as package
from g6.bootstrap.sample import last_sessions, sample_plan, sample_settings, write_sample
from g6.bootstrap.stored_files.kept_quality import keep_quality
from g6.domain.schema.words import Flag
from g6.entrypoints.cli import main
from g6.studies.checks.quality.check_runs import CHECKS, CYCLE_CHECKS
from tests.unit.entrypoints.cli.conftest import Run
from tests.worlds.web.asked_over_http import client_of

FIRST, DAY = "2026-11-17", "2026-11-18"
ROOT = Path(__file__).parents[5]


@pytest.fixture(scope="module")
def certified(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two certified days, the second with a crossed book in its last cycle."""
    directory = Path(
        shutil.copytree(ROOT / "tests/data/store", tmp_path_factory.mktemp("quality") / "rows")
    )
    part = directory / f"chain/underlying=NIFTY/date={DAY}/053100Z.parquet"
    table = pq.read_table(part, partitioning=None)
    place = table.column_names.index("ce_quality")
    flags = table.column("ce_quality").to_numpy().copy()
    flags[0] |= Flag.CROSSED.value
    field = table.schema.field("ce_quality")
    pq.write_table(table.set_column(place, field, pa.array(flags, field.type)), part)
    assert main(["data", "compact", "--data-dir", str(directory)]) == 0
    return directory


def test_a_certified_day_is_checked_and_kept_with_what_ran(certified: Path, g6: Run) -> None:
    answer = g6("quality", FIRST, "--data-dir", str(certified), "--json")
    assert answer.code == 0
    document = json.loads(answer.out)
    assert document["is_kept"]
    assert document["checks"] == 2 * len(CHECKS)
    ran = {line["check"]: line for line in document["lines"] if line["index"] == "NIFTY"}
    assert ran["crossed"]["ran"] == 3
    assert ran["crossed"]["rows"] > 1000
    assert ran["exchange_total"]["ran"] == 0


def test_a_day_is_checked_before_it_is_certified_so_that_who_was_ended_does_both_again(
    tmp_path: Path, g6: Run
) -> None:
    directory = Path(shutil.copytree(ROOT / "tests/data/store", tmp_path / "rows"))
    where = ("--data-dir", str(directory))
    (directory / "quality").write_bytes(b"in the way")
    assert g6("data", "compact", "--date", DAY, *where).code != 0
    assert not [*directory.glob("certificates/date=*/v*.json")]
    (directory / "quality").unlink()
    assert g6("data", "compact", "--date", DAY, *where).code == 0
    assert [*directory.glob("certificates/date=*/v*.json")]
    assert [*directory.glob("quality/*.json")]
    assert g6("panels", "verify", *where).code == 0
    (directory / "panels/quality.json").write_text("{}")
    found = json.loads(g6("data", "check", *where, "--json").out)["findings"]
    (fix,) = (each["fix"] for each in found if "quality.json" in each["path"])
    assert fix.startswith("the next day that is certified writes it again; g6 panels verify")


def test_a_day_with_a_defect_names_check_cycle_and_rows(certified: Path, g6: Run) -> None:
    answer = g6("quality", DAY, "--data-dir", str(certified), "--json")
    assert answer.code == 1
    failed = [line for line in json.loads(answer.out)["lines"] if line["failures"]]
    assert [(line["index"], line["check"], line["wrong"]) for line in failed] == [
        ("NIFTY", "crossed", 1)
    ]
    assert failed[0]["first"] == "2026-11-18T05:31:00Z"
    assert "crossed: A book is crossed." in g6("quality", DAY, "--data-dir", str(certified)).out


def test_a_cycle_is_checked_now_with_what_was_before_it(certified: Path, g6: Run) -> None:
    clean = g6("quality", "--at", "2026-11-18 11:00:30", "--data-dir", str(certified), "--json")
    assert clean.code == 0
    assert json.loads(clean.out)["checks"] == 2 * len(CYCLE_CHECKS)
    crossed = g6("quality", "--at", "2026-11-18 11:01:30", "--data-dir", str(certified), "--json")
    document = json.loads(crossed.out)
    assert crossed.code == 1
    assert document["cycle"] == "2026-11-18T05:31:00Z"
    frozen = next(line for line in document["lines"] if line["check"] == "frozen")
    assert frozen["ran"] == 1


def test_the_history_and_the_panel_have_the_failures(certified: Path, g6: Run) -> None:
    history = json.loads(g6("quality", "--days", "9", "--data-dir", str(certified), "--json").out)
    assert (history["first"], history["last"]) == (FIRST, DAY)
    assert [line["check"] for line in history["lines"]] == ["crossed"]
    panel = json.loads((certified / "panels/quality.json").read_text())
    assert panel["data"]["day"] == DAY
    assert panel["data"]["failures"] == 1


def test_python_and_http_answer_as_the_command_does(certified: Path, g6: Run) -> None:
    command = json.loads(
        g6("quality", DAY, "--index", "nifty", "--data-dir", str(certified), "--json").out
    )
    answer = client_of(certified).get(f"/v1/quality?day={DAY}&index=NIFTY")
    assert answer.status_code == 200
    assert answer.json()["data"]["lines"] == command["lines"]
    document = package.ask.quality(day=DAY, index="NIFTY", data_dir=certified)
    assert len(document.lines) == len(command["lines"]) == len(CHECKS)


def test_a_day_and_an_instant_at_once_are_refused(certified: Path, g6: Run) -> None:
    answer = g6("quality", DAY, "--days", "3", "--data-dir", str(certified))
    assert answer.code == 2
    assert "exclude each other" in answer.err


def test_a_day_that_is_not_compacted_is_checked_as_far_as_it_is_stored(g6: Run) -> None:
    store = str(ROOT / "tests/data/store")
    answer = g6("quality", DAY, "--index", "NIFTY", "--data-dir", store, "--json")
    assert answer.code == 0
    assert not json.loads(answer.out)["is_kept"]


def test_clean_simulated_days_fail_no_check(tmp_path: Path) -> None:
    settings = sample_settings(indices=("NIFTY",), interval=3600, directory=tmp_path)
    days = last_sessions(settings, 3)
    for _ in write_sample(settings, sample_plan(settings, days), processes=1):
        pass
    for day in days:
        quality = keep_quality(settings, day)
        assert quality is not None
        failed = [result for of in quality.indices for result in of.results if result.failures]
        assert failed == []
