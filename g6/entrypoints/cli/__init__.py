"""The command line.

A command that asks a study is a line of `commands.TABLE` and nothing else: its options, its help
and its output follow from the study. Any other command lives in a module of this package with a
function `register(app)`, which adds it to the Typer app. Only what the called command needs is
imported.

A command takes the shared options of `options`, gets its settings from `options.settings`, writes
through `terminal.console(settings)`, and raises the errors of `g6.errors`. Its docstring is its
help: one line of what it does, then `Example:` with one call.

Exit codes: 0 done, 1 failed, 2 the person can mend it, 3 there is nothing (any more) to do it on,
130 interrupted.
"""

from __future__ import annotations

import os
import sys
import tempfile
import traceback
import warnings
from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import TextIO

import typer
from typer.exceptions import Abort, TyperException

from g6.entrypoints.cli.shared import terminal, version
from g6.entrypoints.cli.shared.commands import COMMANDS, SELDOM
from g6.entrypoints.cli.shared.fix_commands import SystemOptions
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
from g6.masking import mask

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
    is_overview = word in ("", "--help", "--version")
    app = typer.Typer(
        name="g6",
        no_args_is_help=True,
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        help="Collects and analyses Indian index option chains.\n\nExample: g6 demo",
        epilog=f"Also: {', '.join(SELDOM)}." if is_overview else None,
    )
    app.callback()(_root)
    if is_overview:
        for command in COMMANDS.values():
            hidden = command.name in SELDOM
            app.command(command.name, help=command.sentence, hidden=hidden)(_listed)
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
    from g6.entrypoints.cli.shared import study_command

    study_command.add(app, name)


def _listed() -> None:
    """Stand in help for a command whose module is not imported."""


def _root(version: version.Option = False) -> None:
    """Collects and analyses Indian index option chains.

    Example: g6 demo
    """


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit code.

    Whatever happens, a person reads sentences and not a traceback.
    """
    # Before numpy is imported: its threads would be forked with the processes of g6 up.
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    terminal.plain_in_c_locale()
    with warnings.catch_warnings():
        warnings.simplefilter("always", DamagedFile)
        warnings.showwarning = _warn
        return _run(arguments)


def _warn(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,
    line: str | None = None,
) -> None:
    """Write what was left out of an answer as a sentence, and other warnings as Python does."""
    if issubclass(category, DamagedFile):
        sys.stderr.write(f"g6: {mask(str(message))}\n")
    else:
        (file or sys.stderr).write(
            warnings.formatwarning(message, category, filename, lineno, line)
        )


def _run(arguments: Sequence[str] | None) -> int:
    words = list(sys.argv[1:] if arguments is None else arguments)
    named = SystemOptions.of_words(words)
    try:
        app = application(words[0] if words else "")
        return int(app(args=words, prog_name="g6", standalone_mode=False) or 0)
    except NothingToDo as nothing:
        return _fail(named.completed(str(nothing)), 3)
    except UserError as error:
        # A command that reads the configuration which is wrong would say no more than this one.
        is_of_configuration = isinstance(error, BadConfig)
        code = _fail(str(error) if is_of_configuration else named.completed(str(error)), 2)
        # After the sentence: a server that does not answer costs up to four seconds.
        _report_retired(error)
        return code
    except G6Error as error:
        return _fail(named.completed(_with_advice(error)), 1)
    except TyperException as error:
        return _fail(_usage(error), error.exit_code)
    except (Abort, KeyboardInterrupt):
        return 130
    except Exception as error:  # noqa: BLE001 - the last resort: a sentence for the person
        trace = _write_trace()
        return _fail(f"{type(error).__name__}: {error}\n  the full trace is in {trace}", 1)


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


def _fail(sentence: str, code: int) -> int:
    sys.stderr.write(f"g6: {mask(sentence)}\n")
    return code


def _usage(error: TyperException) -> str:
    # With the configuration come pydantic and numpy: `g6 --help` does not wait for them.
    from g6.config.retired import retired_option

    sentence = error.format_message()
    if record := retired_option(sentence.split()):
        return f"{sentence}\n  fix: that option is gone; {record.instead}"
    context = getattr(error, "ctx", None)
    if context is None:
        return sentence
    return f"{sentence}\n  fix: {context.command_path} --help lists what there is"


def _write_trace() -> str:
    with tempfile.NamedTemporaryFile(
        "w", prefix="g6-trace-", suffix=".txt", delete=False, encoding="utf-8"
    ) as file:
        file.write(mask(traceback.format_exc()))
    return file.name
