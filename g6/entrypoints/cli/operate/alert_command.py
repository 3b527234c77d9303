"""`g6 alert`: rules of people over the market, and the messages that they give."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from datetime import date, time
from typing import TYPE_CHECKING, Annotated

import typer

from g6.adapters.clocks import wall_time
from g6.config import Settings
from g6.domain.alarms import Alarm, AlarmRule, figures, parse_seconds
from g6.domain.cycles.cycle import isoformat_z, parse_z
from g6.domain.market.calendar.session import instant_of
from g6.domain.market.instants import clock_in_words
from g6.domain.schema.nearest import no_such
from g6.entrypoints.cli.operate.alert_process import mend, run
from g6.entrypoints.cli.shared.arguments import options
from g6.entrypoints.cli.shared.arguments.day_options import day_given
from g6.entrypoints.cli.shared.screen import terminal
from g6.errors import BadConfig, NothingToDo, SinkAway, UserError
from g6.files import quoted

if TYPE_CHECKING:
    from g6.adapters.data_dir.alarm_log_file import AlarmLogFile
    from g6.domain.alarms import LoggedAlarm

When = Annotated[
    str,
    typer.Argument(metavar="RULE", help="Such as 'pcr_this_week crosses above 1.2 for 3 cycles'."),
]
Name = Annotated[
    str | None, typer.Option("--name", metavar="NAME", help="What it is called; else its words.")
]
CoolDown = Annotated[
    str | None,
    typer.Option("--cool-down", metavar="TIME", help="No second message within it; else 15 m."),
]
Hysteresis = Annotated[
    float | None,
    typer.Option("--hysteresis", metavar="NUMBER", help="How far the figure must come back."),
]
Quiet = Annotated[
    str | None,
    typer.Option("--quiet", metavar="HOURS", help="When nobody is told, such as 22:00-08:00."),
]
PerHour = Annotated[
    int | None, typer.Option("--per-hour", metavar="N", help="Messages in an hour; else 6.")
]
Day = Annotated[
    str | None,
    typer.Option("--day", metavar="DAY", help="Say what the rules give on a stored day."),
]
RuleName = Annotated[str, typer.Argument(metavar="NAME", help="A rule that g6 alert ls lists.")]
For = Annotated[str, typer.Option("--for", metavar="TIME", help="How long.")]
Off = Annotated[bool, typer.Option("--off", help="Let it speak again.")]
Count = Annotated[int, typer.Option("-n", "--lines", metavar="N", min=1, help="How many.")]
TEST_SENTENCE = "a test of g6 alert: messages arrive here"


def register(app: typer.Typer) -> None:
    """Add `g6 alert`."""
    group = typer.Typer(
        no_args_is_help=True,
        rich_markup_mode=None,
        help="Tell people what the market does, by rules of their own.\n\n"
        "Example: g6 alert add 'pcr_this_week crosses above 1.2'",
    )
    group.callback()(lambda: None)
    for name, command in COMMANDS.items():
        group.command(name)(command)
    app.add_typer(group, name="alert")


def add(
    when: When,
    *,
    name: Name = None,
    cool_down: CoolDown = None,
    hysteresis: Hysteresis = None,
    quiet: Quiet = None,
    per_hour: PerHour = None,
    config: options.Config = None,
    set_: options.Set = None,
) -> None:
    """Add a rule to the file of rules.

    A running system takes it with its next cycle. The file may be edited by hand as well.

    Example: g6 alert add 'spot of NIFTY crosses support' --name support
    """
    from g6.adapters.data_dir.rules_file import write_rule
    from g6.bootstrap.processes.alarm_places import rules_path

    settings = options.settings(config, set_)
    entry = {
        "name": name or " ".join(when.split()),
        "when": when,
        "cool_down": cool_down,
        "hysteresis": hysteresis,
        "quiet": quiet,
        "per_hour": per_hour,
    }
    path = rules_path(settings)
    rule = write_rule(path, {key: value for key, value in entry.items() if value is not None})
    typer.echo(f"rule {rule.name!r} is in {path}")


def rm(
    name: RuleName,
    *,
    config: options.Config = None,
    set_: options.Set = None,
) -> None:
    """Take a rule out of the file of rules, whose other lines stay.

    Example: g6 alert rm support
    """
    from g6.adapters.data_dir.rules_file import remove_rule
    from g6.bootstrap.processes.alarm_places import rules_path

    path = rules_path(options.settings(config, set_))
    remove_rule(path, name)
    typer.echo(f"rule {name!r} is out of {path}")


def ls(
    *,
    json_: options.Json = False,
    data_dir: options.DataDir = None,
    config: options.Config = None,
    set_: options.Set = None,
) -> None:
    """List the rules in force, those that ship with G6 among them.

    Example: g6 alert ls --json
    """
    settings = options.settings(config, set_, data_dir=data_dir)
    rules = _rules(settings)
    mutes = _mutes(settings)
    if json_:
        typer.echo(json.dumps([_facts(rule, mutes.get(rule.name)) for rule in rules]))
        return
    console = terminal.console(settings)
    for rule in rules:
        until = mutes.get(rule.name)
        muted = "" if until is None else f"  muted until {clock_in_words(parse_z(_z(until)))}"
        shipped = "  (ships with G6)" if rule.is_shipped else ""
        words = "" if rule.when == rule.name else f"  {rule.when}"
        console.print(f"{rule.name}{words}{shipped}{muted}", highlight=False, soft_wrap=True)


def try_out(
    *,
    day: Day = None,
    json_: options.Json = False,
    data_dir: options.DataDir = None,
    config: options.Config = None,
    set_: options.Set = None,
) -> None:
    """Send a message on every channel, or try a stored day.

    With --day nothing is sent: it lists what the rules would have given, which is what they gave
    if they were in force then. Exit code 1 when a channel took no message.

    Example: g6 alert test --day 2026-11-20
    """
    settings = options.settings(config, set_, data_dir=data_dir)
    if day is None:
        _try_channels(settings, json_=json_)
        return
    alarms = [*_alarms_of(settings, day)]
    if json_:
        typer.echo(json.dumps([alarm.to_json() for alarm in alarms]))
        return
    console = terminal.console(settings)
    for alarm in alarms:
        console.print(_line(alarm), highlight=False, soft_wrap=True)
    console.print("1 alarm" if len(alarms) == 1 else f"{len(alarms)} alarms", highlight=False)


def mute(
    name: RuleName,
    *,
    for_: For = "1 h",
    off: Off = False,
    data_dir: options.DataDir = None,
    config: options.Config = None,
    set_: options.Set = None,
) -> None:
    """Let a rule say nothing for a while.

    Example: g6 alert mute support --for 2h
    """
    settings = options.settings(config, set_, data_dir=data_dir)
    names = [rule.name for rule in _rules(settings)]
    if name not in names:
        raise no_such("rule", name, names)
    seconds = parse_seconds(for_)
    if not off and not seconds:
        raise UserError(f"--for {for_} mutes nothing", f"g6 alert mute {quoted(name)} --for 1h")
    until = None if off else round(wall_time().now().timestamp() + seconds)
    with _log(settings) as log:
        log.mute(name, until)
    clock = "" if until is None else clock_in_words(parse_z(_z(until)))
    typer.echo(f"{name} speaks again" if until is None else f"{name} is muted until {clock}")


def show_log(
    *,
    lines: Count = 20,
    json_: options.Json = False,
    data_dir: options.DataDir = None,
    config: options.Config = None,
    set_: options.Set = None,
) -> None:
    """List what fired last, and what became of each message.

    Example: g6 alert log -n 50
    """
    from g6.bootstrap.processes.alarm_places import alarm_log_path

    settings = options.settings(config, set_, data_dir=data_dir)
    entries: Sequence[LoggedAlarm] = ()
    # To ask makes no file, nor a directory whose name was mistyped.
    if alarm_log_path(settings).is_file():
        with _log(settings) as log:
            entries = log.log(lines)
    if json_:
        typer.echo(json.dumps([entry.to_json() for entry in entries]))
        return
    console = terminal.console(settings)
    for entry in entries:
        states = "".join(f"  {channel}: {state}" for channel, state in entry.channels.items())
        console.print(f"{_line(entry.alarm)}{states}", highlight=False, soft_wrap=True)
    if not entries:
        console.print("nothing fired", highlight=False)


def list_figures(*, json_: options.Json = False) -> None:
    """List the figures that a rule may name.

    Example: g6 alert figures
    """
    sentences = figures()
    if json_:
        typer.echo(json.dumps(dict(sentences)))
        return
    width = max(map(len, sentences))
    for name, sentence in sentences.items():
        typer.echo(f"{name:{width}}  {sentence}")


COMMANDS: Mapping[str, Callable[..., None]] = {
    "add": add,
    "rm": rm,
    "ls": ls,
    "test": try_out,
    "mute": mute,
    "log": show_log,
    "figures": list_figures,
    "run": run,
    "mend": mend,
}


def _rules(settings: Settings) -> tuple[AlarmRule, ...]:
    from g6.adapters.data_dir.rules_file import read_rules
    from g6.bootstrap.processes.alarm_places import rules_path

    return read_rules(rules_path(settings))


@contextmanager
def _log(settings: Settings) -> Iterator[AlarmLogFile]:
    from g6.bootstrap.processes.alarm_places import alarm_log

    with closing(alarm_log(settings)) as log:
        yield log


def _mutes(settings: Settings) -> dict[str, float]:
    from g6.bootstrap.processes.alarm_places import alarm_log_path

    if not alarm_log_path(settings).is_file():
        return {}
    with _log(settings) as log:
        return dict(log.mutes(wall_time().now().timestamp()))


def _try_channels(settings: Settings, *, json_: bool) -> None:
    """Send one message on each channel, and exit with 1 where one took none."""
    from g6.bootstrap.reading.alarms import channels_of

    channels = channels_of(settings)
    if not channels:
        raise BadConfig(
            "there is no channel: nobody can be told",
            "set G6_ALERTS__CHANNELS to addresses of apprise, such as json://127.0.0.1:9000/; "
            "what fires without one is in g6 alert log",
        )
    answers = {}
    for channel in channels:
        try:
            channel.send("G6: test", TEST_SENTENCE)
            answers[channel.name] = ""
        except SinkAway as error:
            answers[channel.name] = error.sentence
    if json_:
        typer.echo(json.dumps(answers))
    else:
        for name, refusal in answers.items():
            typer.echo(refusal or f"channel {name} took a message")
    if any(answers.values()):
        raise typer.Exit(1)


def _alarms_of(settings: Settings, text: str) -> Iterator[Alarm]:
    """Yield what the rules give on a stored day.

    Raises:
        NothingToDo: Nothing is stored of it.
    """
    from g6.bootstrap.reading.alarms import figure_source
    from g6.pipeline.maintenance.alarming import alarms_of_day

    day = day_given(text, settings)
    source = figure_source(settings)
    cycles: list[str] = []
    if day is not None:
        begin, end = instant_of(day, time()), instant_of(day, time.max)
        cycles = sorted(source.store.overview_cycles(begin, end))
    if not cycles:
        raise NothingToDo(
            f"nothing is stored of {text} in {settings.directory}\n  fix: g6 data ls lists what is"
        )
    return alarms_of_day(source, _rules(settings), cycles)


def _facts(rule: AlarmRule, until: float | None) -> dict[str, object]:
    return {
        "name": rule.name,
        "when": rule.when,
        "index": rule.index,
        "cycles": rule.cycles,
        "hysteresis": rule.hysteresis,
        "cool_down": rule.cool_down,
        "per_hour": rule.per_hour,
        "shipped": rule.is_shipped,
        "muted_until": until,
    }


def _line(alarm: Alarm) -> str:
    outcome = "" if alarm.outcome == "send" else f"  [{alarm.outcome}]"
    about = f"{alarm.index}  " if alarm.index else ""
    at = parse_z(alarm.cycle)
    return f"{clock_in_words(at, date.min)}  {about}{alarm.sentence}{outcome}"


def _z(seconds: float) -> str:
    return isoformat_z(seconds)
