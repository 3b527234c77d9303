"""A document as parts that a person reads, and the registry of the modules that make them.

A module here has `parts(document, view)`, which yields sentences and tables, and may name a `VIEW`,
the dataclass of the options that concern what is shown alone. With `CSV_HELP` its main table is
also written as CSV. `json_value(document)` stands where the published JSON is not the document's
fields, `json_values(document)` where it is a line of JSON each, `JSON_INDENT` where it is indented,
`narrow(document, view)` where a view's options choose what JSON and CSV hold, `notes(document)`
where something is said beside the answer, and `line(document)` where the document can be followed
by `--watch`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from types import ModuleType

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from g6.domain.market.instants import with_indian_clocks
from g6.rendering.ascii_signs import table_in_ascii

__all__ = [
    "Block",
    "Line",
    "NoView",
    "Part",
    "WideLine",
    "WideTable",
    "csv_help_of",
    "csv_line_end_of",
    "fitted",
    "json_indent_of",
    "json_lines_of",
    "json_value_of",
    "line_of",
    "narrowed",
    "notes_of",
    "parts_of",
    "plain_table",
    "print_parts",
    "view_of",
    "with_commands",
]


@dataclass(frozen=True, slots=True)
class Line:
    """A line that nothing breaks elsewhere than on a terminal, and there at blanks alone."""

    text: str


@dataclass(frozen=True, slots=True)
class Block:
    """Lines that are written as they stand, aligned by blanks: thousands cost what text costs."""

    text: str


@dataclass(frozen=True, slots=True)
class NoView:
    """The view of a document that is always shown the same way."""


@dataclass(frozen=True, slots=True)
class WideTable:
    """A table that shows more where there is room.

    Attributes:
        table_of: Returns the table for so many columns of the screen.
    """

    table_of: Callable[[int], Table]


@dataclass(frozen=True, slots=True)
class WideLine:
    """A line on what a table shows, which depends on its width.

    Attributes:
        line_of: Returns the line for so many columns of the screen.
    """

    line_of: Callable[[int], str]


Part = str | Line | WideLine | Block | Table | WideTable | Text
"""`Text` is written as it stands: none of its brackets is a mark."""

MODULES: Mapping[str, str] = {
    "workers": "now.workers_table",
    "trace": "now.cycle_trace_table",
    "logs": "now.log_lines_table",
    "coverage": "stored.days.coverage_table",
    "gaps": "stored.days.gaps_table",
    "stored_days": "stored.days.stored_days_table",
    "catalogue": "stored.days.catalogue_table",
    "certificate": "stored.days.certificate_table",
    "sizes": "stored.days.sizes_table",
    "day_estimate": "market.day_estimate_table",
    "plan": "market.capacity_table",
    "pruning_plan": "stored.days.pruning_plan_table",
    "csv_files": "stored.days.csv_files_table",
    "inspect": "stored.days.inspection_table",
    "verify": "checks.verification_table",
    "quality": "checks.quality_table",
    "status": "now.status_table",
    "health": "now.system_health_table",
    "check": "now.provider_answers_table",
    "doctor": "checks.machine_health_table",
    "day": "checks.trading_day_table",
    "damage": "checks.stored_damage_table",
    "panel_files": "checks.panel_checks_table",
    "providers": "now.sources_table",
    "expiries": "market.expiries_table",
    "calendar": "market.trading_days_table",
    "instrument": "market.contract_pages_table",
    "lots": "market.lots_table",
    "market_rules": "market.market_rules_table",
    "rule_checks": "market.rule_checks_table",
    "chain": "stored.chain_table",
    "analyze": "stored.analysis_table",
    "dossier": "stored.dossier_table",
    "buildup": "stored.buildup_table",
    "scan": "stored.scan_table",
    "interest": "stored.interest_table",
    "moves": "stored.moves_table",
    "spreads": "stored.spreads_table",
    "ladder": "stored.ladder_table",
    "exposures": "stored.exposures_table",
} | {
    "overview": "stored.overview_table",
    "levels": "stored.levels_table",
    "straddle": "stored.straddle_table",
    "payoff": "stored.payoff_table",
}
"""By the study's name: the module below `g6.rendering.tables`."""
OF_COLUMNS = "column_table"
"""The module of every other study."""


def parts_of(study: str, document: object, view: object = None) -> Iterator[Part]:
    """Yield the parts of a study's document, in its default view unless one is given."""
    parts: Callable[[object, object], Iterator[Part]] = _module(study).parts
    yield from parts(document, view_of(study)() if view is None else view)


def view_of(study: str) -> type:
    """Return the dataclass of a study's view options."""
    # Few documents can be shown in two ways: a module without VIEW has no options of its own.
    view: type = getattr(_module(study), "VIEW", NoView)
    return view


def csv_help_of(study: str) -> str:
    """Return the help of its option `--csv`, empty where there is no such option."""
    sentence: str = getattr(_module(study), "CSV_HELP", "")
    return sentence


def csv_line_end_of(study: str) -> str:
    """Return what ends a line of its CSV."""
    line_end: str = getattr(_module(study), "CSV_LINE_END", "\n")
    return line_end


def json_value_of(study: str, document: object) -> object:
    """Return what a study's JSON says: the document, or what its module makes of it."""
    json_value: Callable[[object], object] | None = getattr(_module(study), "json_value", None)
    return document if json_value is None else json_value(document)


def json_lines_of(study: str, document: object) -> Iterator[object] | None:
    """Return what each line of a study's JSON says, None where it is one document."""
    json_values: Callable[[object], Iterator[object]] | None = getattr(
        _module(study), "json_values", None
    )
    return None if json_values is None else json_values(document)


def json_indent_of(study: str) -> int | None:
    """Return by how many blanks a study's JSON is indented, None where it is one line."""
    indent: int | None = getattr(_module(study), "JSON_INDENT", None)
    return indent


def notes_of(study: str, document: object) -> Iterator[str]:
    """Yield what is said beside the answer, for standard error."""
    notes: Callable[[object], Iterator[str]] | None = getattr(_module(study), "notes", None)
    if notes is not None:
        yield from notes(document)


def line_of(study: str, document: object) -> str | None:
    """Return a document of one cycle in a line for `--watch`, None where it fills the screen."""
    line: Callable[[object], str] | None = getattr(_module(study), "line", None)
    return None if line is None else line(document)


def narrowed(study: str, document: object, view: object) -> object:
    """Return what JSON and CSV hold of a document in a view that somebody chose."""
    narrow: Callable[[object, object], object] | None = getattr(_module(study), "narrow", None)
    return document if narrow is None else narrow(document, view)


def fitted(study: str, view: object, height: int) -> object:
    """Return a view of which all lines fit a screen, where the study can show fewer."""
    shorter: Callable[[object, int], object] | None = getattr(_module(study), "fitted", None)
    return view if shorter is None else shorter(view, height)


def _module(study: str) -> ModuleType:
    return import_module(f"g6.rendering.tables.{MODULES.get(study, OF_COLUMNS)}")


def with_commands(parts: Iterable[Part], completed: Callable[[str], str]) -> Iterator[Part]:
    """Yield the parts with the commands in their sentences completed.

    Args:
        parts: The parts.
        completed: Returns a sentence with its commands as they act on the directory in question.
    """
    for part in parts:
        if isinstance(part, str):
            yield completed(part)
        elif isinstance(part, Line):
            yield Line(completed(part.text))
        elif isinstance(part, WideLine):
            yield WideLine(partial(_completed_line, part, completed))
        else:
            yield part


def _completed_line(line: WideLine, completed: Callable[[str], str], width: int) -> str:
    return completed(line.line_of(width))


def print_parts(console: Console, parts: Iterable[Part]) -> None:
    """Print the parts, one after the other."""
    for part in parts:
        # rich breaks a string at the console's width, in a pipe at 80: a path would be cut in two.
        if isinstance(part, Line | WideLine):
            text = part.text if isinstance(part, Line) else part.line_of(console.width)
            console.print(with_indian_clocks(text), soft_wrap=True)
        elif isinstance(part, Text):
            console.print(part, soft_wrap=True, highlight=False)
        elif isinstance(part, Table | WideTable):
            table = part if isinstance(part, Table) else part.table_of(console.width)
            is_plain = console.options.ascii_only
            console.print(table_in_ascii(table) if is_plain else table)
        elif isinstance(part, Block):
            console.out(part.text, highlight=False)
        else:
            console.print(with_indian_clocks(part))


def plain_table(gap: int = 2) -> Table:
    """Return an empty table without frames, as every screen of G6 has it.

    Args:
        gap: Blanks between two columns.
    """
    # One of them is the box's own.
    return Table(box=SIMPLE_HEAD, padding=(0, gap - 1, 0, 0), show_edge=False, pad_edge=False)
