"""`g6 alert run` and `mend`: the process that evaluates rules, and its log where it is damaged."""

from __future__ import annotations

import typer

from g6.entrypoints.cli.shared.arguments import options
from g6.entrypoints.cli.shared.arguments.option_groups import spread
from g6.entrypoints.cli.shared.salvage_file import SalvageFile, show_salvage

__all__ = ["mend", "run"]


def run(
    *,
    data_dir: options.DataDir = None,
    config: options.Config = None,
    set_: options.Set = None,
) -> None:
    """Evaluate the rules of a running system until Ctrl-C.

    g6 up, run and demo do so by themselves where there are channels or rules. This is for a host
    whose workers were started by hand. It runs where the data directory is.

    Example: g6 alert run
    """
    from g6.bootstrap.wiring import wire
    from g6.entrypoints.workers.alarm_process import evaluate_until_stopped

    settings = options.settings(config, set_, data_dir=data_dir)
    wiring = wire(settings)
    typer.echo("evaluating what is stored; Ctrl-C stops", err=True)
    evaluate_until_stopped(wiring)


@spread
def mend(
    *,
    json_: options.Json = False,
    configured: options.SettingsOptions,
) -> None:
    """Mend a damaged log of alarms: all that can be read stays.

    The damaged file stays beside the new one. A running system mends its log by itself when its
    process starts; this is for a directory on which nothing runs.

    Example: g6 alert mend --data-dir data/g6_data
    """
    from g6.bootstrap.processes.alarm_places import alarm_log_path, mend_alarm_log

    settings = configured.settings()
    file = SalvageFile("log", alarm_log_path(settings), "nothing fired")
    show_salvage(file, mend_alarm_log(settings), json_=json_)
