"""G6 collects whole option chains of Indian indices every cycle, prices them, and keeps them.

>>> import g6
>>> chain = g6.load("NIFTY", "latest")  # doctest: +SKIP
>>> pcr = g6.sql(  # doctest: +SKIP
...     "select timestamp, sum(pe_oi) / sum(ce_oi) from chain group by all"
... )
>>> g6.ask.interest("NIFTY", cycles=60)  # doctest: +SKIP
>>> g6.plot.smile("NIFTY")  # doctest: +SKIP
>>> chain.g6.plot_oi()  # doctest: +SKIP
"""

from __future__ import annotations

import sys
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from g6.entrypoints.python import ask as ask
    from g6.entrypoints.python import plot as plot
    from g6.entrypoints.python.cycle_frames import listen as listen
    from g6.entrypoints.python.export_call import export as export
    from g6.entrypoints.python.panel_stream import follow as follow
    from g6.entrypoints.python.simulated_days import sample as sample
    from g6.entrypoints.python.stored_frames import days as days
    from g6.entrypoints.python.stored_frames import expiries as expiries
    from g6.entrypoints.python.stored_frames import indices as indices
    from g6.entrypoints.python.stored_frames import load as load
    from g6.entrypoints.python.stored_frames import sql as sql

    __version__: str

__all__ = [
    "__version__",
    "ask",
    "days",
    "expiries",
    "export",
    "follow",
    "indices",
    "listen",
    "load",
    "plot",
    "sample",
    "sql",
]

_MODULES = {"ask": "ask", "plot": "plot"}
"""Names that are modules below `g6.entrypoints.python`."""
_FUNCTIONS = {
    "days": "stored_frames",
    "expiries": "stored_frames",
    "export": "export_call",
    "follow": "panel_stream",
    "indices": "stored_frames",
    "listen": "cycle_frames",
    "load": "stored_frames",
    "sample": "simulated_days",
    "sql": "stored_frames",
}
"""Names that are functions, with their modules there."""


def __getattr__(name: str) -> object:
    """Return a name of the package's face, imported when somebody needs it.

    Reading package metadata, the studies or Arrow costs more than the rest of this import.
    """
    if name == "__version__":
        from importlib.metadata import version

        return version("g6")
    if name in _MODULES:
        return import_module(f"g6.entrypoints.python.{_MODULES[name]}")
    if name in _FUNCTIONS:
        function = getattr(import_module(f"g6.entrypoints.python.{_FUNCTIONS[name]}"), name)
        # The next look-up does not come here.
        globals()[name] = function
        return function
    raise AttributeError(f"module 'g6' has no attribute {name!r}")


def __dir__() -> list[str]:
    """Return the names that completion offers."""
    # What this module imports for itself is no part of its face.
    marks = {name for name in globals() if name.startswith("__")}
    return sorted({*marks, *__all__})


# Importing pandas here would cost 0.4 s of each `import g6`. Who imports it later has `.g6` from
# the first frame that G6 makes.
if "pandas" in sys.modules:
    import_module("g6.entrypoints.python.accessor").register()
