"""`g6 alert`: rules in a file, muting, and what they give on a stored day."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.unit.entrypoints.cli.conftest import Run
from tests.worlds.stored_cycles import STORED_CYCLES, store_two_cycles

ROOT = Path(__file__).parents[5]


def test_a_rule_that_is_added_is_listed_and_stays_beside_what_was_written_by_hand(
    g6: Run, tmp_path: Path
) -> None:
    path = tmp_path / "config" / "alerts.toml"
    path.parent.mkdir()
    path.write_text('per_hour = 2 # of each rule\n\n[[rule]]\nwhen = "iv_rank > 80"\n', "utf-8")
    answer = g6("alert", "add", "spot of NIFTY crosses support", "--name", "support")
    assert (answer.code, answer.out) == (0, "rule 'support' is in config/alerts.toml\n")
    assert path.read_text("utf-8").startswith("per_hour = 2 # of each rule\n")
    rules = {rule["name"]: rule for rule in json.loads(g6("alert", "ls", "--json").out)}
    assert rules["iv_rank > 80"]["per_hour"] == rules["support"]["per_hour"] == 2
    assert rules["support"]["index"] == "NIFTY"
    assert rules["token_missing_before_open"]["shipped"]
    assert g6("alert", "add", "spot > 1", "--name", "support").code == 2


def test_a_rule_that_is_taken_out_leaves_the_others_as_they_were(g6: Run, tmp_path: Path) -> None:
    path = tmp_path / "config" / "alerts.toml"
    path.parent.mkdir()
    first = 'per_hour = 2 # of each rule\n\n[[rule]]\nwhen = "iv_rank > 80" # rich\n'
    path.write_text(first, "utf-8")
    g6("alert", "add", "spot of NIFTY crosses support", "--name", "support")
    answer = g6("alert", "rm", "support")
    assert (answer.code, answer.out) == (0, "rule 'support' is out of config/alerts.toml\n")
    assert path.read_text("utf-8") == first
    unknown = g6("alert", "rm", "iv_rank > 8")
    assert (unknown.code, "did you mean iv_rank > 80" in unknown.err) == (2, True)
    shipped = g6("alert", "rm", "gap")
    assert (shipped.code, "g6 alert mute gap" in shipped.err) == (2, True)
    assert g6("alert", "rm", "iv_rank > 80").code == 0
    assert path.read_text("utf-8") == "per_hour = 2 # of each rule\n"


@pytest.mark.parametrize(
    ("command", "file", "kind", "absent"),
    [
        ("alert", "alarms.sqlite", "log", "nothing fired"),
        ("influx", "influx.sqlite", "outbox", "nothing waits"),
    ],
)
def test_both_files_beside_the_rows_are_mended_in_the_same_words(
    g6: Run, tmp_path: Path, command: str, file: str, kind: str, absent: str
) -> None:
    path = Path("data/demo/.outbox") / file
    assert g6(command, "mend").out == f"{path} is not there: {absent}\n"
    (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / path).write_bytes(b"no database" * 100)
    document = json.loads(g6(command, "mend", "--json").out)
    assert document[kind] == str(path)
    assert Path(document["aside"]).name == f"{path.stem}.damaged-1.sqlite"
    assert g6(command, "mend").out == f"{path} is whole\n"


def test_a_damaged_log_is_mended_by_the_command_that_its_error_names(
    g6: Run, tmp_path: Path
) -> None:
    log = tmp_path / "data" / "demo" / ".outbox" / "alarms.sqlite"
    g6("alert", "mute", "gap", "--for", "2h")
    assert g6("alert", "mend").out == "data/demo/.outbox/alarms.sqlite is whole\n"
    log.write_bytes(b"\0" * 64 + log.read_bytes()[64:])
    answer = g6("alert", "log")
    assert answer.code == 2
    assert "is damaged: file is not a database" in answer.err
    mend = answer.err.rpartition("fix: g6 ")[2].split()
    mended = g6(*mend)
    assert (mended.code, "1 row was kept" in mended.out) == (0, True)
    rules = json.loads(g6("alert", "ls", "--json").out)
    assert [rule["name"] for rule in rules if rule["muted_until"]] == ["gap"]


def test_an_unknown_figure_gets_the_nearest_and_changes_nothing(g6: Run, tmp_path: Path) -> None:
    answer = g6("alert", "add", "pcr_this_weak > 1")
    assert answer.code == 2
    assert "did you mean pcr_this_week" in answer.err
    assert not (tmp_path / "config").exists()


def test_a_name_of_any_letters_can_be_read_again(g6: Run) -> None:
    for name in ("rocket 🚀", 'quotes " and \\', "delete \x7f"):
        assert g6("alert", "add", "spot > 1", "--name", name).code == 0
        assert g6("alert", "ls").code == 0
    refused = g6("alert", "add", "spot > 2", "--hysteresis", "inf")
    assert refused.code == 2
    assert g6("alert", "ls").code == 0


def test_a_rule_of_the_file_that_says_nothing_is_named(g6: Run, tmp_path: Path) -> None:
    path = tmp_path / "rules.toml"
    path.write_text('[[rule]]\nname = "x"\nwhen = "spott > 1"\n', "utf-8")
    answer = g6("alert", "ls", "--set", f"alerts.rules_file={path}")
    assert answer.code == 2
    assert f"{path}: rule 'x': there is no figure 'spott'" in answer.err


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("per_hour = 2.5", "per_hour 2.5 is no whole number"),
        ("per_hour = true", "per_hour True is no whole number"),
        ("per_hour = 0", "per_hour 0 is no whole number"),
        ("hysteresis = -1", "hysteresis -1 is no number of 0 or more"),
        ("hysteresis = true", "hysteresis True is no number of 0 or more"),
        ('cool_down = "15"', "'15' is no length of time"),
    ],
)
def test_a_number_of_the_file_that_is_none_is_named(
    g6: Run, tmp_path: Path, line: str, said: str
) -> None:
    path = tmp_path / "rules.toml"
    path.write_text(f'[[rule]]\nname = "x"\nwhen = "spot > 1"\n{line}\n', "utf-8")
    answer = g6("alert", "ls", "--set", f"alerts.rules_file={path}")
    assert (answer.code, said in answer.err) == (2, True)


def test_a_rule_is_muted_for_a_time_that_there_is(g6: Run) -> None:
    for time in ("99999999999 d", "0 s", "soon"):
        answer = g6("alert", "mute", "gap", "--for", time)
        assert (answer.code, "fix:" in answer.err) == (2, True)
    assert not any(rule["muted_until"] for rule in json.loads(g6("alert", "ls", "--json").out))


def test_a_muted_rule_is_listed_as_such_until_it_speaks_again(g6: Run) -> None:
    assert g6("alert", "mute", "gap", "--for", "2h").code == 0
    rules = json.loads(g6("alert", "ls", "--json").out)
    assert [rule["name"] for rule in rules if rule["muted_until"]] == ["gap"]
    assert g6("alert", "mute", "gap", "--off").out == "gap speaks again\n"
    answer = g6("alert", "mute", "gaps")
    assert (answer.code, "did you mean gap" in answer.err) == (2, True)


def test_a_stored_day_says_what_the_rules_would_have_given(g6: Run, tmp_path: Path) -> None:
    store_two_cycles(tmp_path / "data" / "demo")
    g6("alert", "add", "spot of FINNIFTY > 1", "--name", "high")
    g6("alert", "add", "call_wall of FINNIFTY this_month > 1", "--name", "wall")
    answer = g6("alert", "test", "--day", STORED_CYCLES[0][:10], "--json")
    assert answer.code == 0
    alarms = [(alarm["rule"], alarm["cycle"]) for alarm in json.loads(answer.out)]
    assert alarms == [("high", STORED_CYCLES[0]), ("wall", STORED_CYCLES[0])]


def test_a_rule_may_be_over_the_certificate_of_the_day_before(g6: Run, tmp_path: Path) -> None:
    rows = tmp_path / "rows"
    shutil.copytree(ROOT / "tests/data/store", rows)
    assert g6("data", "compact", "--data-dir", str(rows)).code == 0
    g6("alert", "add", "coverage of NIFTY < 0.99", "--name", "holes")
    g6("alert", "add", "coverage of NIFTY > 1", "--name", "never")
    answer = g6("alert", "test", "--day", STORED_CYCLES[0][:10], "--data-dir", str(rows), "--json")
    own = [alarm for alarm in json.loads(answer.out) if alarm["rule"] in ("holes", "never")]
    assert [alarm["rule"] for alarm in own] == ["holes"]
    assert "coverage 0." in own[0]["sentence"]


def test_a_day_that_is_not_stored_is_nothing_to_do(g6: Run) -> None:
    assert g6("alert", "test", "--day", "2026-11-20").code == 3


def test_a_log_without_alarms_says_so(g6: Run) -> None:
    assert g6("alert", "log").out == "nothing fired\n"
