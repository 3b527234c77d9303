"""The frame of the command line: help, errors in sentences, exit codes."""

from __future__ import annotations

import os
import subprocess
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from g6.entrypoints import cli
from g6.entrypoints.cli.shared.help.commands import COMMANDS, GROUPS
from g6.entrypoints.cli.shared.help.help_pages import HelpPage, read_help
from g6.errors import BadConfig, DamagedFile, NothingToDo, StoreBusy

PAGES = read_help().pages


def commands() -> Iterator[tuple[str, Any]]:
    """Yield every command by its full name."""
    pending: list[tuple[str, Any]] = [("g6", typer.main.get_command(cli.application()))]
    while pending:
        name, command = pending.pop()
        below = getattr(command, "commands", {})
        pending += [(f"{name} {each}", sub) for each, sub in below.items()]
        if not below:
            yield name, command


def test_without_a_word_one_screen_names_every_command_and_nothing_was_done(g6: Any) -> None:
    answer = g6()
    lines = answer.out.splitlines()
    # The prompt stands below them, on a terminal of 24 lines.
    assert (len(lines) <= 23, max(map(len, lines)) <= 80) == (True, True)
    assert {*COMMANDS} <= {*answer.out.split()}
    assert all(f"{title}:" in lines for title in GROUPS)
    assert f" {PAGES['chain'].sentence}" in answer.out
    assert (answer.code, g6("--help").code) == (2, 0)


def test_the_overview_has_every_command_with_its_whole_sentence(g6: Any) -> None:
    lines = g6("--help").out.splitlines()
    assert max(map(len, lines)) <= 80
    text = " ".join(" ".join(lines).split())
    for name in COMMANDS:
        assert f" {name} {PAGES[name].sentence}" in text


def test_every_sentence_fits_a_line_of_eighty_columns(g6: Any) -> None:
    lines = g6("--help").out.splitlines()
    for name in COMMANDS:
        assert any(line.endswith(f" {PAGES[name].sentence}") for line in lines), name
    for words, page in PAGES.items():
        assert len(page.sentence) <= 62, words
        assert page.sentence.endswith("."), words


def test_the_overview_is_grouped_by_what_a_person_wants(g6: Any) -> None:
    lines = g6("--help").out.splitlines()
    places = [lines.index(f"{title}:") for title in GROUPS]
    assert places == sorted(places)
    assert sum(len(group) for group in GROUPS.values()) == len(COMMANDS)


@pytest.mark.parametrize("line", ["chain", "data ls", "plot oi", "config check", "up"])
def test_help_of_a_command_is_what_the_command_takes(g6: Any, line: str) -> None:
    command = dict(commands())[f"g6 {line}"]
    shown = g6(*line.split(), "--help")
    assert shown.code == 0
    assert shown.out.splitlines()[0].startswith(f"Usage: g6 {line}")
    for parameter in command.params:
        for name in parameter.opts if parameter.param_type_name == "option" else ():
            assert f" {name}" in shown.out


def test_help_may_stand_anywhere_before_what_is_passed_on(g6: Any) -> None:
    assert g6("chain", "NIFTY", "--help").out == g6("chain", "--help").out
    assert "Usage" not in g6("instrument", "--", "--help").out


def test_a_group_alone_shows_its_commands(g6: Any) -> None:
    answer = g6("data")
    assert answer.code == 2
    assert answer.out == g6("data", "--help").out
    assert "\n  coverage  " in answer.out


def test_help_of_what_is_no_command_names_the_nearest(g6: Any) -> None:
    assert "Did you mean 'chain'" in g6("chian", "--help").err
    assert "coverage" in g6("data", "coverag", "--help").err


HEAVY = frozenset(("scipy", "pyarrow", "kiteconnect"))
HELP_HEAVY = HEAVY | {"numpy", "pydantic", "rich", "typer"}


@pytest.mark.parametrize(
    ("line", "heavy"),
    [
        ("--help", HELP_HEAVY),
        ("chain --help", HELP_HEAVY),
        ("--version", HELP_HEAVY - {"typer"}),
        ("calendar 2026-11 --kept", HEAVY - {"pyarrow"}),
    ],
)
def test_nothing_is_imported_that_a_quick_answer_does_not_stand_on(
    line: str, heavy: frozenset[str], tmp_path: Path
) -> None:
    asked = "; ".join(
        (
            "import sys",
            "from g6.entrypoints.cli import main",
            "main(sys.argv[1:])",
            f"sys.exit(', '.join({set(heavy)!r} & {{*sys.modules}}) or 0)",
        )
    )
    ended = subprocess.run(
        [sys.executable, "-c", asked, *line.split()],
        capture_output=True,
        check=False,
        cwd=tmp_path,
    )
    assert ended.returncode == 0, ended.stderr


@pytest.mark.parametrize("page", PAGES.values(), ids=PAGES)
def test_every_command_has_an_example_of_itself(page: HelpPage) -> None:
    assert page.example.startswith(f"g6 {page.words}")


@pytest.mark.parametrize("page", PAGES.values(), ids=PAGES)
def test_every_option_and_argument_says_what_it_does(page: HelpPage) -> None:
    assert [entry for entry in (*page.arguments, *page.options) if not entry.meaning] == []


def test_the_version_names_what_g6_stands_on(g6: Any) -> None:
    answer = g6("--version")
    assert answer.code == 0
    assert all(f"{name} " in answer.out for name in ("python", "celery", "kombu", "redis"))


def test_a_misspelt_command_gets_the_nearest(g6: Any) -> None:
    answer = g6("provider")
    assert answer.code == 2
    assert "Did you mean 'providers'" in answer.err


def test_a_misspelt_option_gets_the_nearest(g6: Any) -> None:
    answer = g6("config", "show", "--orign")
    assert answer.code == 2
    assert "--origin" in answer.err


def test_an_option_of_the_system_before_gets_its_successor(g6: Any) -> None:
    answer = g6("config", "show", "--enable-greeks")
    assert answer.code == 2
    assert "that option is gone since 0.1.0; set greeks.enabled" in answer.err


def test_a_wrong_setting_is_a_sentence_and_its_fix(g6: Any) -> None:
    answer = g6("config", "show", "--set", "greeks.iv_maxx=3")
    assert answer.code == 2
    assert answer.err.startswith("g6: greeks.iv_maxx = '3' (command line) is no setting")
    assert "fix: did you mean greeks.iv_max" in answer.err


def raising(error: BaseException) -> Any:
    def application(_: str | None = None) -> typer.Typer:
        app = typer.Typer()

        @app.command()
        def fail() -> None:
            raise error

        return app

    return application


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (BadConfig("wrong", "mend it"), 2),
        (NothingToDo("the quotes are gone"), 3),
        (StoreBusy("the disk is full"), 1),
        (KeyboardInterrupt(), 130),
        (ZeroDivisionError("a slip of ours"), 1),
    ],
)
def test_what_goes_wrong_decides_the_exit_code(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    error: BaseException,
    code: int,
) -> None:
    monkeypatch.setattr(cli, "application", raising(error))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    assert cli.main(["--"]) == code
    assert "Traceback" not in capsys.readouterr().err


def test_the_trace_of_a_slip_is_in_the_file_that_is_named_without_its_secrets(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(
        cli, "application", raising(ZeroDivisionError("at redis://:hunter2@host/0"))
    )
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    cli.main(["--"])
    (trace,) = tmp_path.glob("g6-trace-*.txt")
    said = capsys.readouterr().err
    assert str(trace) in said
    assert "Traceback" in trace.read_text()
    assert "hunter2" not in said + trace.read_text()


def outside(*arguments: str, **environ: str) -> bytes:
    """Return what a process of its own writes to a pipe."""
    clean = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("LC_", "LANG", "G6_", "NO_COLOR"))
    }
    code = f"import sys; from g6.entrypoints.cli import main; sys.exit(main({list(arguments)!r}))"
    return subprocess.run(
        [sys.executable, "-c", code],
        env=clean | environ,
        capture_output=True,
        check=True,
        timeout=90,
    ).stdout


def test_in_the_c_locale_only_ascii_is_written() -> None:
    written = outside("calendar", "2026-11", LC_ALL="C")
    assert b"09:15-15:40" in written
    assert written.isascii()
    assert "09:15–15:40".encode() in outside("calendar", "2026-11", LC_ALL="C.UTF-8")


def test_a_pipe_gets_no_colours_unless_they_are_wanted() -> None:
    assert b"\x1b[" not in outside("config", "check")


def test_a_checkout_says_its_commit(g6: Any) -> None:
    root = Path(__file__).resolve().parents[4]
    done = subprocess.run(
        ["git", "-C", str(root), "rev-parse", "--short=12", "HEAD"],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        pytest.skip("this is no checkout")
    assert f"commit {done.stdout.strip()}" in g6("--version").out


def test_what_is_left_out_twice_is_said_once(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def left_out(_: object) -> int:
        for name in ("a", "a", "b"):
            warnings.warn(f"left out: {name}", DamagedFile, stacklevel=1)
        return 0

    monkeypatch.setattr(cli, "_run", lambda words, _: left_out(words))
    for _ in range(2):
        assert cli.main([]) == 0
        assert capsys.readouterr().err == "g6: left out: a\ng6: left out: b\n"
