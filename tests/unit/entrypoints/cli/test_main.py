"""The frame of the command line: help, errors in sentences, exit codes."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from g6.entrypoints import cli
from g6.entrypoints.cli.shared.commands import COMMANDS
from g6.errors import BadConfig, NothingToDo, StoreBusy


def commands() -> Iterator[tuple[str, Any]]:
    """Yield every command by its full name."""
    pending: list[tuple[str, Any]] = [("g6", typer.main.get_command(cli.application()))]
    while pending:
        name, command = pending.pop()
        below = getattr(command, "commands", {})
        pending += [(f"{name} {each}", sub) for each, sub in below.items()]
        if not below:
            yield name, command


def test_the_help_fits_a_screen(g6: Any) -> None:
    answer = g6("--help")
    assert answer.code == 0
    assert len(answer.out.splitlines()) <= 40
    assert max(map(len, answer.out.splitlines())) <= 80


def test_the_help_lists_the_commands_that_there_are_in_their_own_words() -> None:
    there = {
        name: command.get_short_help_str(1000)
        for name, command in typer.main.get_command(cli.application()).commands.items()
    }
    assert list(there.items()) == [
        (command.name, command.sentence) for command in COMMANDS.values()
    ]


HEAVY = frozenset(("scipy", "pyarrow", "kiteconnect"))
OVERVIEW_HEAVY = HEAVY | {"numpy", "pydantic", "rich"}


@pytest.mark.parametrize(
    ("word", "heavy"),
    [("--help", OVERVIEW_HEAVY), ("--version", OVERVIEW_HEAVY), ("calendar", HEAVY)],
)
def test_nothing_is_imported_that_a_quick_answer_does_not_stand_on(
    word: str, heavy: frozenset[str]
) -> None:
    asked = "; ".join(
        (
            "import sys",
            "from g6.entrypoints.cli import main",
            "main(sys.argv[1:])",
            f"sys.exit(', '.join({set(heavy)!r} & {{*sys.modules}}) or 0)",
        )
    )
    ended = subprocess.run([sys.executable, "-c", asked, word], capture_output=True, check=False)
    assert ended.returncode == 0, ended.stderr


@pytest.mark.parametrize(
    ("name", "command"), list(commands()), ids=lambda each: each if isinstance(each, str) else ""
)
def test_every_command_has_an_example_of_itself(name: str, command: Any) -> None:
    assert f"Example: {name}" in command.help


@pytest.mark.parametrize(
    ("name", "command"), list(commands()), ids=lambda each: each if isinstance(each, str) else ""
)
def test_every_option_says_what_it_does(name: str, command: Any) -> None:
    assert not [
        each.name for each in command.params if each.param_type_name == "option" and not each.help
    ]


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
    assert "that option is gone; set greeks.enabled" in answer.err


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
    assert cli.main([]) == code
    assert "Traceback" not in capsys.readouterr().err


def test_the_trace_of_a_slip_is_in_the_file_that_is_named_without_its_secrets(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(
        cli, "application", raising(ZeroDivisionError("at redis://:hunter2@host/0"))
    )
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    cli.main([])
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
        timeout=60,
    ).stdout


def test_in_the_c_locale_only_ascii_is_written() -> None:
    written = outside("calendar", "2026-11", LC_ALL="C")
    assert b"09:15-15:40" in written
    assert written.isascii()
    assert "09:15–15:40".encode() in outside("calendar", "2026-11", LC_ALL="C.UTF-8")


def test_a_pipe_gets_no_colours_unless_they_are_wanted() -> None:
    assert b"\x1b[" not in outside("config", "check")
