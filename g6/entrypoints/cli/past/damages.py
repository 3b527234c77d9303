"""`g6 data check`: is what is stored whole?"""

from __future__ import annotations

import json
import re
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import asdict, replace
from datetime import date
from pathlib import Path

import typer

from g6.adapters.data_dir.owner import owner
from g6.config import Settings
from g6.domain.schema import layout
from g6.domain.schema.layout import MANIFEST, Kind
from g6.entrypoints.cli.past.csv_mending import command, days_of, stored_lines
from g6.entrypoints.cli.shared import options, terminal
from g6.entrypoints.cli.shared.days import Date, day_given
from g6.entrypoints.cli.shared.progress import followed
from g6.files import quoted
from g6.ports.history import Finding

_SHOWN = 50
SETTLING_SECONDS = 3.0
"""How long a cycle's last file may come after its first: 0.4 s on a loaded machine of two cores."""
_COMMAND = re.compile(r"g6 (?:rerun|data repair)(?: --[a-z]+ [^\s;]+)*")
"""Commands of a finding that do not name the directory yet."""
Look = Callable[[], list[Finding]]


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
    looks = followed(_looks(settings, day_given(date_), data_dir), "checking", console)
    found = lasting(looks, SETTLING_SECONDS if owner(settings.directory) else 0.0)
    found = [with_directory(each, data_dir) for each in found]
    if json_:
        typer.echo(json.dumps({"findings": [asdict(each) for each in found], "count": len(found)}))
    else:
        for each in found[:_SHOWN]:
            console.print(
                f"{each.kind}: {each.path}: {each.what}\n  fix: {each.fix}", soft_wrap=True
            )
        if len(found) > _SHOWN:
            console.print(f"… and {len(found) - _SHOWN} more; --json lists them all")
        kinds = ", ".join(
            f"{count} {kind}" for kind, count in Counter(each.kind for each in found).most_common()
        )
        console.print(
            f"{len(found)} damages: {kinds}"
            if found
            else f"everything in {settings.directory} is whole",
            soft_wrap=True,
        )
    raise typer.Exit(1 if found else 0)


def with_directory(finding: Finding, data_dir: Path | None) -> Finding:
    """Return a finding whose commands name the directory that was asked about, so that they mend it as they are printed."""
    if data_dir is None:
        return finding
    fix = _COMMAND.sub(lambda command: f"{command[0]} --data-dir {quoted(data_dir)}", finding.fix)
    return replace(finding, fix=fix)


def lasting(looks: Iterable[Look], seconds: float) -> list[Finding]:
    """Return what the looks find, with `seconds` only what a second look finds as well, so much later.

    While a system runs, a cycle's files are written and folded one after the other, and between two of them one is missing.
    """
    seen = [(look, findings) for look in looks if (findings := look())]
    if seen and seconds:
        time.sleep(seconds)
        seen = [(look, _in_both(findings, look())) for look, findings in seen]
    return [finding for _, findings in seen for finding in findings]


def _in_both(before: Iterable[Finding], now: Iterable[Finding]) -> list[Finding]:
    """Return the findings of now that were there before; what is lost may have become more."""
    known = {_told(finding) for finding in before}
    return [finding for finding in now if _told(finding) in known]


def _told(finding: Finding) -> tuple[str, str, str]:
    return finding.path, finding.kind, "" if finding.kind in ("lost", "missing") else finding.what


def _looks(settings: Settings, day: date | None, data_dir: Path | None) -> list[Look]:
    from g6.adapters.csv.checking import held, strays
    from g6.adapters.parquet import checking

    base = settings.csv_dir
    stored = set(days_of(settings, None)) if day is None else set(days_of(settings, day))
    there = {(each, index) for each, indices in held(base).items() for index in indices}
    with_files = {each for each, _ in there}
    lots = sorted(lot for lot in stored | there if lot[0] in with_files and day in (None, lot[0]))
    csv_looks: list[Look] = [
        lambda lot=lot: _csv(settings, lot[0], lot[1], lot in stored, data_dir)  # type: ignore[misc]
        for lot in lots
    ]
    others = [lambda: list(strays(base))] if day is None else []
    return [
        *checking.looks(settings.directory, day),
        *csv_looks,
        *others,
        lambda: _panels(settings.panels_dir),
    ]


def _csv(
    settings: Settings, day: date, index: str, in_parquet: bool, data_dir: Path | None
) -> list[Finding]:
    """Hold the CSV files of an index and day against Parquet, where that has the index at all.

    Of a day that was computed again they keep the live figures, and are read for themselves.
    """
    from g6.adapters.csv.checking import Stored, check_day
    from g6.adapters.parquet.units import is_recomputed

    if is_recomputed(settings.directory, index, day):
        return list(check_day(settings.csv_dir, index, day, None, command(index, day, data_dir)))
    stored = stored_lines(settings, index, day)[0] if in_parquet else None
    if stored is None and (settings.directory / layout.folder(Kind.CHAIN)).is_dir():
        stored = Stored()
    return list(check_day(settings.csv_dir, index, day, stored, command(index, day, data_dir)))


def _panels(directory: Path) -> list[Finding]:
    from g6.adapters.panel_files import verify_manifest_hashes

    if not (directory / MANIFEST).exists():
        return []
    fix = "the next cycle writes it again; g6 panels verify looks at the panels alone"
    issues = verify_manifest_hashes(directory)
    return [
        Finding(str(directory / file), "panel", f"is not what the manifest says: {code}", fix)
        for file, code in issues.items()
    ]
