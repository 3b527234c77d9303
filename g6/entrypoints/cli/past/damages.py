"""`g6 data check`: whether everything that is stored is whole."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import TYPE_CHECKING

import typer
from rich.console import Console

from g6.config import Settings
from g6.entrypoints.cli.shared import options, terminal
from g6.entrypoints.cli.shared.day_options import Date, day_given
from g6.entrypoints.cli.shared.fix_commands import SystemOptions
from g6.entrypoints.cli.shared.progress import followed

if TYPE_CHECKING:
    from g6.ports.history import Finding

MOST_SHOWN = 50
"""Findings on a terminal; --json lists them all."""
SETTLING_SECONDS = 3.0
"""How long a cycle's last file may come after its first: 0.4 s on a loaded machine of two cores."""


def check(
    *,
    date_: Date = None,
    json_: options.Json = False,
    data_dir: options.DataDir = None,
    config: options.Config = None,
    set_: options.Set = None,
) -> None:
    """Read every stored file, and say what mends each damage.

    The exit code is 1 when there is any.

    Example: g6 data check --date 2026-11-18
    """
    from g6.adapters.data_dir.owner import owner
    from g6.bootstrap.stored_files.damage_search import lasting, searches

    settings = options.settings(config, set_, data_dir=data_dir)
    console = terminal.console(settings, stderr=json_)
    looks = followed(searches(settings, day_given(date_)), "checking", console)
    # A running system is between two files of a cycle: what is damaged is looked at twice.
    findings = lasting(looks, SETTLING_SECONDS if owner(settings.directory) else 0.0)
    named = SystemOptions.of_settings(data_dir, config, set_)
    findings = [replace(finding, fix=named.completed(finding.fix)) for finding in findings]
    if json_:
        document = [asdict(finding) for finding in findings]
        typer.echo(json.dumps({"findings": document, "count": len(findings)}))
    else:
        _show(console, settings, findings)
    raise typer.Exit(1 if findings else 0)


def _show(console: Console, settings: Settings, findings: Sequence[Finding]) -> None:
    for finding in findings[:MOST_SHOWN]:
        sentence = f"{finding.kind}: {finding.path}: {finding.what}"
        console.print(f"{sentence}\n  fix: {finding.fix}", soft_wrap=True)
    if len(findings) > MOST_SHOWN:
        console.print(f"… and {len(findings) - MOST_SHOWN} more; --json lists them all")
    if not findings:
        console.print(f"everything in {settings.directory} is whole", soft_wrap=True)
        return
    counts = Counter(finding.kind for finding in findings).most_common()
    kinds = ", ".join(f"{count} {kind}" for kind, count in counts)
    console.print(f"{len(findings)} damages: {kinds}", soft_wrap=True)
