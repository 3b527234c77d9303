"""Which extra brings which library, and what is said where one is missing.

The one list: `pyproject.toml` names the same extras, and a test holds both together.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.util import find_spec

from g6.errors import Unavailable

EXTRAS: Mapping[str, str] = {
    "pandas": "pandas",
    "polars": "polars",
    "duckdb": "duckdb",
    "matplotlib": "plot",
    "xlsxwriter": "xlsx",
}
"""The extra of each library, by the name it is imported under."""


def is_installed(library: str) -> bool:
    """Tell whether a library can be imported, without importing it."""
    return find_spec(library) is not None


def missing(library: str) -> Unavailable:
    """Return the error of a library that is not installed, with the line that installs it.

    >>> missing("matplotlib").fix
    "pip install 'g6[plot]'"
    """
    return Unavailable(f"{library} is not installed", f"pip install 'g6[{EXTRAS[library]}]'")


@contextmanager
def optional() -> Iterator[None]:
    """Turn the failed import of a library of an extra into the sentence that installs it.

    Raises:
        Unavailable: It is not installed.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        library = (error.name or "").partition(".")[0]
        # An import of G6's own that fails is a fault of G6, and no extra mends it.
        if library not in EXTRAS:
            raise
        raise missing(library) from error
