"""What a study answers in Python: its document, which a notebook shows as a table."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rich.console import Console

from g6.errors.extras import optional
from g6.rendering import parts, plain, web_table
from g6.rendering.answers.option_words import of_python
from g6.studies import table
from g6.studies.documents import StudyDocument

if TYPE_CHECKING:
    import pandas as pd

WIDTH = 100
"""Columns of the text form. A notebook's cell is wider, a terminal's lines may be broken."""


@dataclass(frozen=True, slots=True, repr=False)
class Answer:
    """The answer of a study.

    Every field of its document is an attribute: `g6.ask.interest("NIFTY").cycles[-1].pcr`.

    Attributes:
        study: The study's name.
        document: What it answered.
        certified_by: Day, version and root of what certifies the day of its cycle, empty without.
        view: How it is shown, None for as its command shows it.
    """

    study: str
    document: StudyDocument
    certified_by: str = ""
    view: object = None

    def __getattr__(self, name: str) -> Any:
        """Return a field of the document."""
        return getattr(self.document, name)

    def __dir__(self) -> list[str]:
        """Return the names that completion offers."""
        return [*object.__dir__(self), *dir(self.document)]

    def __str__(self) -> str:
        """Return what the command prints."""
        text = io.StringIO()
        # In a notebook rich shows what it prints, and the text would be empty.
        console = Console(
            file=text, width=WIDTH, color_system=None, highlight=False, force_jupyter=False
        )
        parts.print_parts(console, self._parts())
        return text.getvalue().rstrip("\n")

    __repr__ = __str__

    def _repr_html_(self) -> str:
        """Return the table that a notebook shows."""
        return web_table.html_of(self._parts())

    def _parts(self) -> Iterator[parts.Part]:
        """Yield what is shown, its options called as the arguments of Python."""
        document_parts = parts.parts_of(self.study, self.document, self.view)
        return parts.with_commands(document_parts, of_python(table.by_name(self.study)))

    def to_json(self) -> str:
        """Return what the command writes with --json."""
        return plain.as_json(parts.json_value_of(self.study, self.document))

    def to_pandas(self) -> pd.DataFrame:
        """Return the main table as a DataFrame, instants in India's time.

        Of one stored cycle `attrs["certificate"]` names what certifies its day.

        Raises:
            Unavailable: pandas is not installed.
        """
        with optional():
            import pandas as pd
        table = pd.DataFrame(dict(self.document.columns()))
        # `g6.load` gives instants in India's time as well.
        for name, column in table.items():
            if isinstance(column.dtype, pd.DatetimeTZDtype):
                table[name] = column.dt.tz_convert("Asia/Kolkata")
        if self.certified_by:
            table.attrs["certificate"] = self.certified_by
        return table
