"""`g6 data check`: is what is stored whole?"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict
from datetime import date
from pathlib import Path

import typer

from g6.config import Settings
from g6.entrypoints.cli import options, terminal
from g6.entrypoints.cli.history import Date, day_given
from g6.entrypoints.cli.progress import followed
from g6.ports.history import Finding

_SHOWN = 50


def check(
    *,
    date_: Date = None,
    json_: options.Json = False,
    data_dir: options.DataDir = None,
    config: options.Config = None,
    set_: options.Set = None,
) -> None:
    """Read every stored file and name each damage with the file and what mends it. Exit code 1 when there is any.

    Example: g6 data check --date 2026-11-18
    """
    settings = options.settings(config, set_, data_dir=data_dir)
    console = terminal.console(settings, stderr=json_)
    found = [finding for look in followed(_looks(settings, day_given(date_)), "checking", console) for finding in look()]
    if json_:
        typer.echo(json.dumps({"findings": [asdict(each) for each in found], "count": len(found)}))
    else:
        for each in found[:_SHOWN]:
            console.print(f"{each.kind}: {each.path}: {each.what}\n  fix: {each.fix}", soft_wrap=True)
        if len(found) > _SHOWN:
            console.print(f"… and {len(found) - _SHOWN} more; --json lists them all")
        kinds = ", ".join(f"{count} {kind}" for kind, count in Counter(each.kind for each in found).most_common())
        console.print(f"{len(found)} damages: {kinds}" if found else f"everything in {settings.directory} is whole", soft_wrap=True)
    raise typer.Exit(1 if found else 0)


def _looks(settings: Settings, day: date | None) -> list[Callable[[], list[Finding]]]:
    from g6.adapters.csv_store.checking import check_file
    from g6.adapters.parquet_store import checking

    name = f"{day}.csv" if day else "????-??-??.csv"
    files = sorted(settings.csv_dir.rglob(name))
    lots = [files[first : first + 100] for first in range(0, len(files), 100)]
    csv_looks: list[Callable[[], list[Finding]]] = [
        lambda lot=lot: [finding for path in lot for finding in check_file(path)]  # type: ignore[misc]
        for lot in lots
    ]
    return [*checking.looks(settings.directory, day), *csv_looks, lambda: _panels(settings.panels_dir)]


def _panels(directory: Path) -> list[Finding]:
    from g6.adapters.panel_files import verify_manifest_hashes

    if not (directory / "manifest.json").exists():
        return []
    fix = "the next cycle writes it again; g6 panels verify looks at the panels alone"
    issues = verify_manifest_hashes(directory)
    return [Finding(str(directory / file), "panel", f"is not what the manifest says: {code}", fix) for file, code in issues.items()]
