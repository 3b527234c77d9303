"""Options that say how somebody's table is read, for an import and for a replay alike."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from g6.domain.schema.layout import Folder
from g6.errors import BadConfig, G6Error, UserError
from g6.ports.sources import Ability

if TYPE_CHECKING:
    from g6.adapters.replay.tables.table_layout import TableLayout
    from g6.config import Settings


@dataclass(frozen=True, slots=True)
class TableOptions:
    """The options that say how a table is read, as an import and a replay take them."""

    columns: Annotated[
        list[str] | None,
        typer.Option(
            "--columns",
            metavar="OURS=THEIRS,…",
            help="Names of a table's columns; OURS=none where it has none; repeatable.",
        ),
    ] = None
    format_: Annotated[
        list[str] | None,
        typer.Option(
            "--format",
            metavar="timestamp|expiry=FORM",
            help="Such as %d/%m/%Y, or dmy or mdy; repeatable.",
        ),
    ] = None
    option_type: Annotated[
        list[str] | None,
        typer.Option(
            "--option-type",
            metavar="WORD=CE,…",
            help="Words of the column of option types; repeatable.",
        ),
    ] = None
    unit: Annotated[
        str | None,
        typer.Option(
            "--unit",
            metavar="units|contracts",
            help="What quantities count; volume=units,oi=contracts where they differ.",
        ),
    ] = None
    scale: Annotated[
        list[str] | None,
        typer.Option(
            "--scale", metavar="OURS=FACTOR,…", help="Such as strike=0.01 for paise; repeatable."
        ),
    ] = None
    index: Annotated[
        str | None,
        typer.Option(
            "--index", metavar="INDEX", help="The index of a table that does not name it."
        ),
    ] = None
    window: Annotated[
        int | None,
        typer.Option(
            "--window",
            metavar="N",
            min=0,
            help="Strikes on each side of the money, in a table that follows it.",
        ),
    ] = None
    at: Annotated[
        str | None,
        typer.Option(
            "--at", metavar="INSTANT", help="The instant of a table that does not name it."
        ),
    ] = None
    tz: Annotated[
        str | None,
        typer.Option("--tz", metavar="ZONE", help="The zone of naive instants; Asia/Kolkata."),
    ] = None
    bars: Annotated[
        bool | None,
        typer.Option("--bars/--no-bars", help="Whether volume is of the bar, not of the day."),
    ] = None
    layout: Annotated[
        Path | None,
        typer.Option(
            "--layout",
            metavar="FILE",
            help="TOML that says how a table is read, as an import keeps it.",
        ),
    ] = None

    def table_layout(self) -> TableLayout | None:
        """Return the layout that the options say, over that of a file, None without any option.

        Raises:
            BadConfig: They say something that no layout has.
            BadInput: The file cannot be read.
        """
        from g6.adapters.replay.tables.table_layout import parse_layout, read_layout

        values = [getattr(self, field.name) for field in fields(self)]
        if all(value is None or value == [] for value in values):
            return None
        scale = _pairs("--scale", self.scale)
        own = parse_layout(
            {
                "columns": _pairs("--columns", self.columns),
                "formats": dict(_pair("--format", text) for text in self.format_ or ()),
                "option_types": _pairs("--option-type", self.option_type),
                "units": _units(self.unit),
                "scale": {name: _factor(name, text) for name, text in scale.items()},
                "index": self.index or "",
                "window": self.window,
                "at": self.at or "",
                "zone": self.tz or "",
                "bars": self.bars,
            }
        )
        return own if self.layout is None else _over(read_layout(self.layout), own)


def _over(base: TableLayout, own: TableLayout) -> TableLayout:
    """Return a layout with what another says in place of its own."""
    return replace(
        base,
        columns={**base.columns, **own.columns},
        formats={**base.formats, **own.formats},
        option_types={**base.option_types, **own.option_types},
        units={**base.units, **own.units},
        scale={**base.scale, **own.scale},
        index=own.index or base.index,
        window=base.window if own.window is None else own.window,
        at=own.at or base.at,
        zone=own.zone or base.zone,
        bars=base.bars if own.bars is None else own.bars,
    )


def write_layout(layout: TableLayout, directory: Path, table: Path) -> Path:
    """Write a layout beside the data that is read by it.

    Returns:
        The file. It is the same for the same layout and table.
    """
    text = (
        f"# How {table.name} was read. g6 import table and g6 run --provider replay take it "
        f"with --layout.\n{layout.toml()}"
    )
    stem = table.name.split(".")[0]
    name = f"{stem}-{hashlib.sha256(text.encode()).hexdigest()[:8]}.toml"
    path = directory / Folder.LAYOUTS / name
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(
        "w", encoding="utf-8", dir=path.parent, prefix=".", delete=False
    ) as file:
        file.write(text)
    return Path(file.name).replace(path)


@contextmanager
def settings_with_layout(
    layout: TableLayout | None, settings: Settings, *, stderr: bool = False
) -> Iterator[Settings]:
    """Give the settings by which a table is replayed.

    Its layout is printed, and written beside the rows once they are there.

    Raises:
        UserError: The recording is no table.
        BadInput: It cannot be read.
    """
    if layout is None:
        yield settings
        return
    from g6.bootstrap.quote_sources.sources import recording_path
    from g6.entrypoints.cli.shared.arguments.table_rows import first_rows, open_table, print_layout
    from g6.entrypoints.cli.shared.screen import terminal

    if not settings.source.can(Ability.RECORDED):
        raise UserError(
            "these options say how a recorded table is read",
            "add --provider replay --recording FILE",
        )
    path = recording_path(settings)
    table = open_table(path, layout)
    resolved = table.resolved()
    console = terminal.console(settings, stderr=stderr)
    print_layout(console, resolved, first_rows(table))
    with tempfile.TemporaryDirectory(prefix="g6-layout-") as directory:
        file = write_layout(resolved, Path(directory), path)
        source = settings.provider.model_copy(update={"layout": file})
        refused = False
        try:
            yield settings.model_copy(update={"provider": source})
        except G6Error:
            refused = True  # nothing was written, and the directory may be another's
            raise
        finally:
            if not refused and settings.directory.is_dir():
                write_layout(resolved, settings.directory, path)


def _pairs(option: str, texts: Sequence[str] | None) -> dict[str, str]:
    return dict(
        _pair(option, part) for text in texts or () for part in text.split(",") if part.strip()
    )


def _pair(option: str, text: str) -> tuple[str, str]:
    name, sign, value = text.partition("=")
    if not sign or not name.strip() or not value.strip():
        raise BadConfig(
            f"{option} {text} is no NAME=VALUE", f"{option} NAME=VALUE, see the option's help"
        )
    return name.strip(), value.strip()


def _units(text: str | None) -> dict[str, str]:
    from g6.adapters.replay.tables.table_layout import QUANTITIES

    if text is None:
        return {}
    return _pairs("--unit", [text]) if "=" in text else dict.fromkeys(QUANTITIES, text.strip())


def _factor(name: str, text: str) -> float:
    try:
        return float(text)
    except ValueError as error:
        raise BadConfig(
            f"--scale {name}={text}: {text!r} is not a number", f"--scale {name}=0.01"
        ) from error
