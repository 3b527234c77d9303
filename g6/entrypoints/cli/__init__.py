"""The command line.

A command that asks a study is a line of `commands.GROUPS` and nothing else: its options, its help
and its output follow from the study. Any other command lives in a module of this package with a
function `register(app)`, which adds it to the Typer app. Only what the called command needs is
imported. Help and completion import none: they read `help.json`, which `make docs` writes.

A command takes the shared options of `options`, gets its settings from `options.settings`, writes
through `terminal.console(settings)`, and raises the errors of `g6.errors`. Its docstring is its
help: one sentence of at most 62 characters, what else there is to know, then `Example:` with one
call.

Exit codes: 0 done, 1 failed, 2 the person can mend it, 3 there is nothing (any more) to do it on,
130 interrupted. Under `--json` the last line of standard error is a JSON object of the error: code,
exit_code, message and fix.
"""

from __future__ import annotations

import os
import shutil
import sys
import warnings
from collections.abc import Mapping, Sequence
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, TextIO

from g6.domain.market.instants import without_hyphen
from g6.entrypoints.cli.shared.help.commands import COMMANDS
from g6.entrypoints.cli.shared.help.fix_commands import SystemOptions
from g6.entrypoints.cli.shared.help.help_pages import PROGRAM, read_help
from g6.entrypoints.cli.shared.screen import failures, terminal
from g6.entrypoints.cli.shared.screen.failures import Failures, code_of
from g6.entrypoints.cli.shared.shell import shells
from g6.errors import (
    BadConfig,
    BreakerOpen,
    DamagedFile,
    FrameMissing,
    G6Error,
    Late,
    NothingToDo,
    ProviderBusy,
    ProviderRefused,
    RedisDown,
    UserError,
)
from g6.errors.extras import extra_of, missing
from g6.errors.masking import mask
from g6.errors.memory_dumps import leave_no_core

if TYPE_CHECKING:
    import typer
    from typer.exceptions import TyperException

ADVICE: Mapping[type[Exception], str] = {
    RedisDown: (
        "start that server, or see g6 config show --origin for where redis.broker_url was set"
    ),
    ProviderBusy: "g6 check says what the provider answers; try again when it does",
    ProviderRefused: "g6 check says what the provider answers, and why",
    BreakerOpen: "g6 status says when the provider is asked again",
    FrameMissing: "g6 data gaps lists what is not stored",
    Late: "g6 data gaps lists what is not stored",
}
"""What a person may do about errors that name no fix: who raises them does not know the command."""


def application(word: str | None = None) -> typer.Typer:
    """Return the app with every command, or with as much as a first word of a line needs."""
    import typer

    from g6.entrypoints.cli.shared.screen import version

    app = typer.Typer(
        name=PROGRAM, no_args_is_help=True, rich_markup_mode=None, pretty_exceptions_enable=False
    )
    app.callback()(version.root)
    if word is not None and (not word or word.startswith("-")):
        # typer needs commands to tell an option of all from one of a command.
        for name in COMMANDS:
            app.command(name)(_listed)
        return app
    registered: set[str] = set()
    for name in [word] if word in COMMANDS else COMMANDS:
        command = COMMANDS[name]
        if command.is_study:
            _add_study(app, name)
        elif command.module not in registered:
            import_module(f"g6.entrypoints.cli.{command.module}").register(app)
            registered.add(command.module)
    return app


def _add_study(app: typer.Typer, name: str) -> None:
    from g6.entrypoints.cli.shared.arguments import study_command

    study_command.add(app, name)


def _listed() -> None:
    """Stand for a command whose module is not imported."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit code.

    Whatever happens, a person reads sentences and not a traceback.
    """
    # Before numpy is imported: its threads would be forked with the processes of g6 up.
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    leave_no_core()
    terminal.plain_in_c_locale()
    with warnings.catch_warnings():
        warnings.simplefilter("always", DamagedFile)
        # A day that is read twice for one answer told of its damaged file twice.
        warnings.showwarning = partial(_warn, set())
        # A shell asks through the environment of a process of its own.
        asked = shells.question(shells.environment()) if arguments is None else None
        return _run(list(sys.argv[1:] if arguments is None else arguments), asked)


def _warn(
    told: set[str],
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,
    line: str | None = None,
) -> None:
    """Write what was left out of an answer as a sentence, and other warnings as Python does.

    Args:
        told: The sentences that were written. Each is written once.
        message: The warning, and so on as `warnings.showwarning` is called.
    """
    if issubclass(category, DamagedFile):
        if str(message) not in told:
            told.add(str(message))
            sys.stderr.write(f"g6: {mask(str(message))}\n")
    else:
        (file or sys.stderr).write(
            warnings.formatwarning(message, category, filename, lineno, line)
        )


def _run(words: list[str], asked: shells.ShellQuestion | None) -> int:
    named = SystemOptions.of_words(words)
    report = Failures.of_words(words)
    try:
        if asked is not None:
            answer, code = shells.answer_of(asked, shells.environment())
            sys.stdout.write(f"{answer}\n" if answer else "")
            return code
        code_of_help = _print_help(words)
        if code_of_help is not None:
            return code_of_help
        return _run_command([*map(without_hyphen, words)], report)
    except NothingToDo as nothing:
        return report.write(code_of(nothing), named.completed_fix(str(nothing)), 3)
    except UserError as error:
        # A command that reads the configuration which is wrong would say no more than this one.
        is_of_configuration = isinstance(error, BadConfig)
        text = str(error) if is_of_configuration else named.completed_fix(str(error))
        code = report.write(code_of(error), text, 2)
        # After the sentence: a server that does not answer costs up to four seconds.
        _report_retired(error)
        return code
    except G6Error as error:
        return report.write(code_of(error), named.completed_fix(_with_advice(error)), 1)
    except KeyboardInterrupt:
        return 130
    except Exception as error:  # noqa: BLE001 - the last resort: a sentence for the person
        # Whatever a completion wrote would stand in the middle of the person's line.
        return 1 if asked is not None else _fail_unexpectedly(error, words, report)


def _fail_unexpectedly(error: Exception, words: Sequence[str], report: Failures) -> int:
    """Report an error that nobody foresaw, or the library that a command lacks."""
    if isinstance(error, ImportError) and (library := extra_of(error)):
        command = COMMANDS.get(words[0] if words else "")
        runs = command is not None and command.module.startswith(("run.", "operate."))
        return report.write(failures.MISSING_LIBRARY, str(missing(library, on_host=runs)), 2)
    trace = _write_trace()
    sentence = f"{type(error).__name__}: {error}\n  the full trace is in {trace}"
    return report.write(failures.UNEXPECTED, sentence, 1)


def _print_help(words: Sequence[str]) -> int | None:
    """Print the help that a line asks for, and return the exit code, None for any other line."""
    before_rest = words[: words.index("--")] if "--" in words else words
    wants_help = "--help" in before_rest
    if words and not wants_help and not (len(words) == 1 and words[0] in COMMANDS):
        return None
    width = shutil.get_terminal_size((80, 24)).columns
    book = read_help()
    if not words:
        lines = book.screen(width)
    elif words[0] == "--help":
        lines = book.overview(width)
    else:
        page = book.page(words)
        if page is None or not (wants_help or page.commands):
            return None
        lines = page.lines(width)
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    # Without a command nothing was done: a script that calls it so is wrong.
    return 0 if wants_help else 2


def _run_command(words: list[str], report: Failures) -> int:
    """Run the command of a line and return its exit code."""
    from typer.exceptions import Abort, TyperException

    try:
        app = application(words[0] if words else "")
        return int(app(args=words, prog_name=PROGRAM, standalone_mode=False) or 0)
    except TyperException as error:
        return report.write(failures.USAGE, _usage(error), error.exit_code)
    except Abort:
        return 130


def _report_retired(error: UserError) -> None:
    """Report a retired setting, where it was the reason, to whoever runs the system."""
    if isinstance(error, BadConfig):
        from g6.config.retired import RetiredSetting

        if isinstance(error, RetiredSetting):
            from g6.bootstrap.settings_checks.retired_settings import report_retired

            report_retired(error)


def _with_advice(error: G6Error) -> str:
    """Return an error's sentence with its fix, or with that of its class."""
    advice = next((ADVICE[base] for base in type(error).__mro__ if base in ADVICE), "")
    return f"{error}\n  fix: {advice}" if advice and not error.fix else str(error)


def _usage(error: TyperException) -> str:
    # With the configuration come pydantic and numpy: `g6 --help` does not wait for them.
    from g6.config.retired import retired_option

    sentence = error.format_message()
    if record := retired_option(sentence.split()):
        return f"{sentence}\n  fix: that option is gone since {record.since}; {record.instead}"
    context = getattr(error, "ctx", None)
    if context is None:
        return sentence
    return f"{sentence}\n  fix: {context.command_path} --help lists what there is"


def _write_trace() -> str:
    # Both cost 20 ms, which help and completion do without.
    import tempfile
    import traceback

    with tempfile.NamedTemporaryFile(
        "w", prefix="g6-trace-", suffix=".txt", delete=False, encoding="utf-8"
    ) as file:
        file.write(mask(traceback.format_exc()))
    return file.name
