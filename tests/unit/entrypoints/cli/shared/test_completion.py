"""Completion as shells ask for it: through variables, of a process of its own and in this one."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from g6.config import load
from g6.domain.schema import rows
from g6.entrypoints.cli.shared.help.help_pages import read_help
from g6.entrypoints.cli.shared.shell import shells
from g6.entrypoints.cli.shared.shell.completion import Completion
from g6.entrypoints.cli.shared.shell.stored_words import StoredWords
from tests.unit.entrypoints.cli.conftest import STORED_CYCLES, Run, Stored

BOOK = read_help()


def offered(line: str, directory: Path | str = "nowhere") -> list[str]:
    """Return the words that are offered at the end of a line."""
    *before, start = line.split(" ")[1:]
    completion = Completion(BOOK, before, start, StoredWords(Path(directory)))
    return [candidate.word for candidate in completion.candidates()]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("g6 cha", ["chain"]),
        ("g6 --vers", ["--version"]),
        ("g6 data co", ["compact", "coverage"]),
        ("g6 chain --gre", ["--greeks"]),
        ("g6 chain NIF", ["NIFTY", "NIFTYNXT50"]),
        ("g6 chain NIFTY --expiry this", ["this_week", "this_month"]),
        ("g6 spreads NIFTY --expiry mon", ["monthly"]),
        ("g6 plot heatmap NIFTY --of ", ["oi", "iv"]),
        ("g6 buildup NIFTY --against ", ["close", "open"]),
        ("g6 plot overlays NIFTY --figure atm_iv_this_w", ["atm_iv_this_week"]),
        ("g6 up --indices NIFTY,SEN", ["NIFTY,SENSEX"]),
        ("g6 up --provider ", ["sim", "replay", "kite"]),
        ("g6 check k", ["kite"]),
        ("g6 rerun --from an", ["analytics"]),
        ("g6 run --speed=m", ["--speed=max"]),
        ("g6 control pau", ["paused"]),
        ("g6 control paused SEN", ["SENSEX"]),
        ("g6 retention apply --kinds chain,o", ["chain,overview"]),
        (
            "g6 config show --set greeks.iv_m",
            ["greeks.iv_min", "greeks.iv_max", "greeks.iv_max_iterations"],
        ),
        ("g6 config schema gree", ["greeks"]),
        ("g6 expiries --index=", []),
        ("g6 dance ", []),
        ("g6 data dance ", []),
        ("g6 ps extra extra --js", ["--json"]),
    ],
)
def test_what_may_stand_at_the_cursor_is_offered(line: str, words: list[str]) -> None:
    assert offered(line) == words


def test_an_option_is_offered_once_and_a_repeatable_one_again() -> None:
    words = offered("g6 chain NIFTY --greeks --set a=b --")
    assert "--greeks" not in words
    assert {"--set", "--json", "--help"} <= {*words}


def test_stored_days_cycles_months_and_expiries_are_offered(stored: Stored) -> None:
    directory = stored.directory
    expiry = str(next(iter(stored.frames.values())).columns["expiry"][0])
    assert offered("g6 data check --date ", directory) == ["2026-11-18"]
    assert offered("g6 calendar 2026", directory) == ["2026-11"]
    assert offered("g6 trace ", directory) == [*reversed(STORED_CYCLES)]
    assert offered("g6 expiries FINNIFTY --as-of 2026-11-18T", directory) == [
        *reversed(STORED_CYCLES)
    ]
    assert offered("g6 chain FINNIFTY --expiry 20", directory) == [expiry]
    assert offered("g6 chain --expiry 20", directory) == [expiry]
    assert offered("g6 chain NIFTY --expiry 20", directory) == []


def test_a_folded_day_offers_its_expiries_too(g6: Run, stored: Stored, tmp_path: Path) -> None:
    directory = Path(shutil.copytree(stored.directory, tmp_path / "rows"))
    before = offered("g6 chain FINNIFTY --expiry 20", directory)
    g6("data", "compact", "--date", "2026-11-18", "--data-dir", str(directory))
    assert list(directory.glob("chain/*/*/day.parquet"))
    assert offered("g6 chain FINNIFTY --expiry 20", directory) == before
    assert offered("g6 trace ", directory) == ["2026-11-18"]


def test_panels_of_the_manifest_are_offered(tmp_path: Path) -> None:
    (tmp_path / "panels").mkdir()
    manifest = {"hashes": {"indices.json": "x", "index_NIFTY.json": "y"}}
    (tmp_path / "panels" / "manifest.json").write_text(json.dumps(manifest))
    assert offered("g6 panels verify in", tmp_path) == ["index_NIFTY", "indices"]
    named = f"g6 panels verify --panels-dir {tmp_path / 'panels'} index"
    assert offered(named) == ["index_NIFTY"]


def test_damaged_files_offer_nothing(stored: Stored, tmp_path: Path) -> None:
    directory = Path(shutil.copytree(stored.directory, tmp_path / "rows"))
    for part in directory.rglob("*.parquet"):
        part.write_bytes(b"half a file")
    assert offered("g6 chain FINNIFTY --expiry 20", directory) == []


PLACES: list[tuple[str, dict[str, str], dict[str, object]]] = [
    ("", {}, {}),
    ("--data-dir rows", {}, {}),
    ("--provider kite", {}, {}),
    ("--provider replay", {"G6_DEMO_DIR": "there"}, {}),
    ("--set provider.name=kite --set data_dir=mine", {}, {}),
    ("", {"G6_PROVIDER__NAME": "kite", "G6_DATA_DIR": "live"}, {"data_dir": "of_file"}),
    ("", {}, {"data_dir": "of_file", "provider": {"name": "kite"}, "namespace": "two"}),
    ("", {}, {"provider": {"name": "kite", "root": "http://127.0.0.1:9/"}, "demo_dir": "d"}),
    ("--config other.json", {}, {"demo_dir": "of_file"}),
]


@pytest.mark.parametrize(("line", "environ", "content"), PLACES)
def test_the_directory_is_the_one_that_the_settings_choose(
    line: str,
    environ: Mapping[str, str],
    content: Mapping[str, object],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    name = "other.json" if "--config" in line else "config/g6_config.json"
    (tmp_path / "config").mkdir()
    (tmp_path / name).write_text(json.dumps(content))
    words = line.split()
    overrides: dict[str, object] = {}
    for option, value in zip(words[::2], words[1::2], strict=True):
        match option:
            case "--data-dir":
                overrides |= {"data_dir": value, "demo_dir": value}
            case "--provider":
                overrides["provider.name"] = value
            case "--set":
                overrides[value.partition("=")[0]] = value.partition("=")[2]
    file = name if "--config" in line else None
    expected = load(file, overrides, environ).directory
    assert shells.directory_of(words, environ, BOOK.words) == expected


def shell(tmp_path: Path, **asked: str) -> subprocess.CompletedProcess[str]:
    """Ask as a shell does, in a directory of its own."""
    return subprocess.run(
        [sys.executable, "-c", "import sys; from g6.entrypoints.cli import main; sys.exit(main())"],
        env=os.environ | asked,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=90,
    )


def test_bash_asks_word_by_word(tmp_path: Path) -> None:
    words = "g6\nchain\nNIFTY\n--expiry\nthis"
    asked = {"_G6_COMPLETE": "complete_bash", "COMP_WORDS": words, "COMP_CWORD": "4"}
    answer = shell(tmp_path, **asked)
    assert (answer.stdout, answer.stderr) == ("this_week\nthis_month\n", "")


def test_bash_gets_the_part_behind_the_sign_at_which_it_breaks_words(
    tmp_path: Path, stored: Stored
) -> None:
    place = ["--data-dir", str(stored.directory)]
    words = ["g6", "trace", *place, "2026-11-18T05", ":", "3"]
    answer = shell(
        tmp_path, _G6_COMPLETE="complete_bash", COMP_WORDS="\n".join(words), COMP_CWORD="6"
    )
    assert answer.stdout.split() == [cycle.partition(":")[2] for cycle in STORED_CYCLES[::-1]]


def test_zsh_gets_words_with_their_meaning_and_files_where_there_are_none(tmp_path: Path) -> None:
    asked = {"_G6_COMPLETE": "complete_zsh", "_TYPER_COMPLETE_ARGS": "g6 data cov"}
    sentence = BOOK.pages["data coverage"].sentence
    assert shell(tmp_path, **asked).stdout == (f'_arguments \'*: :(("coverage":"{sentence}"))\'\n')
    asked["_TYPER_COMPLETE_ARGS"] = "g6 config show --config "
    assert shell(tmp_path, **asked).stdout == "_files\n"


def test_fish_asks_first_whether_there_is_a_word(tmp_path: Path) -> None:
    asked = {
        "_G6_COMPLETE": "complete_fish",
        "_TYPER_COMPLETE_ARGS": "g6 check k",
        "_TYPER_COMPLETE_FISH_ACTION": "is-args",
    }
    assert shell(tmp_path, **asked).returncode == 0
    assert shell(tmp_path, **asked | {"_TYPER_COMPLETE_ARGS": "g6 check x"}).returncode == 1
    asked["_TYPER_COMPLETE_FISH_ACTION"] = "get-args"
    assert shell(tmp_path, **asked).stdout == "kite\t\n"


@pytest.mark.parametrize(
    "asked",
    [
        {"COMP_WORDS": "g6 chain 'NIF", "COMP_CWORD": "2"},
        {"COMP_WORDS": "", "COMP_CWORD": "many"},
        {
            "COMP_WORDS": "g6\nchain\n--config\nconfig/g6_config.json\n--expiry\n2",
            "COMP_CWORD": "5",
        },
        {
            "COMP_WORDS": "g6\nchain\n--data-dir\n\0\n--expiry\n2".replace("\0", "/dev/null"),
            "COMP_CWORD": "5",
        },
    ],
)
def test_what_goes_wrong_is_not_written_into_the_persons_line(
    asked: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "g6_config.json").write_text("{")
    answer = shell(tmp_path, _G6_COMPLETE="complete_bash", **asked)
    assert answer.stderr == ""
    assert "Traceback" not in answer.stdout


def test_a_completion_imports_neither_typer_nor_the_settings(tmp_path: Path) -> None:
    code = "; ".join(
        (
            "import sys",
            "from g6.entrypoints.cli import main",
            "main()",
            "print({'typer', 'numpy', 'pydantic', 'rich', 'pyarrow'} & {*sys.modules})",
        )
    )
    asked = {"_G6_COMPLETE": "complete_bash", "COMP_WORDS": "g6\nchain\nSENS", "COMP_CWORD": "2"}
    answer = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | asked,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
        timeout=90,
    )
    assert answer.stdout == "SENSEX\nset()\n"


@pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash")
def test_the_script_that_is_installed_completes_in_bash(tmp_path: Path) -> None:
    program = tmp_path / "g6"
    main = "import sys; from g6.entrypoints.cli import main; sys.exit(main())"
    root = Path(__file__).resolve().parents[5]
    program.write_text(
        f'#!/bin/sh\nPYTHONPATH="{root}" exec "{sys.executable}" -c \'{main}\' "$@"\n'
    )
    program.chmod(0o755)
    environ = os.environ | {"HOME": str(tmp_path), "PATH": f"{tmp_path}:{os.environ['PATH']}"}
    script = """
        g6 --install-completion >/dev/null; source .bash_completions/g6.sh
        COMP_WORDS=(g6 check k); COMP_CWORD=2; _g6_completion g6; echo "${COMPREPLY[@]}"
    """
    ended = subprocess.run(
        ["bash", "-c", script],
        env=environ,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=90,
    )
    assert (ended.stdout, ended.stderr) == ("kite\n", "")


def test_the_words_are_those_of_the_house() -> None:
    assert BOOK.words["figures"] == tuple(column.name for column in rows.OVERVIEW)
