"""Every command, in the order of `g6 --help`.

`g6 --help` is printed from here, and `g6 NAME` imports what that command needs, so that neither
waits for the others: pydantic, numpy and rich cost 0.5 s of processor time of a first 0.65 s.
"""

from __future__ import annotations

from dataclasses import dataclass

from g6.studies.table import by_command

__all__ = ["COMMANDS", "SELDOM", "Command"]


@dataclass(frozen=True, slots=True)
class Command:
    """One command.

    Attributes:
        name: Its word after `g6`.
        module: The module below `g6.entrypoints.cli` that registers it, empty for a study.
        sentence: Its line in `g6 --help`.
    """

    name: str
    module: str
    sentence: str

    @property
    def is_study(self) -> bool:
        """Tell whether it asks a study, from which its options and output follow."""
        return not self.module


def _study(name: str) -> Command:
    return Command(name, "", by_command(name).sentence)


_LIST = (
    Command(
        "demo",
        "run.start",
        "Collect a few cycles of the simulated market and show them, without account or network.",
    ),
    Command("run", "run.start", "Run the real pipeline for a bounded number of cycles, then stop."),
    Command(
        "up",
        "run.start",
        "Run workers, beat, serve and, if none is configured, Redis on this machine until Ctrl-C.",
    ),
    Command(
        "live",
        "run.live",
        "Collect one live day: log in if needed, check, wait for the open, sum up in the evening.",
    ),
    _study("ps"),
    _study("trace"),
    Command(
        "control",
        "operate.control_command",
        "Throw a switch of a running system, from the next cycle on.",
    ),
    Command(
        "serve",
        "operate.serve",
        "Answer over HTTP: /metrics on one port, /healthz, /readyz, /status and /panels on "
        "another.",
    ),
    _study("status"),
    Command(
        "ticker",
        "operate.stream",
        "Stream ticks into the quote cache until Ctrl-C, as g6 up does by itself.",
    ),
    Command(
        "rerun",
        "operate.rerunning",
        "Do past cycles again from their stored quotes, never from today's market.",
    ),
    Command(
        "init",
        "setup.scaffold",
        "Write config/g6_config.json and .env.example into the working directory.",
    ),
    _study("calendar"),
    _study("providers"),
    _study("expiries"),
    _study("instrument"),
    _study("lots"),
    _study("chain"),
    _study("analyze"),
    _study("verify"),
    Command(
        "recompute",
        "past.recomputing",
        "Compute analytics of stored days again from what the market said, over all cores.",
    ),
    _study("retention-scan"),
    _study("inspect"),
    _study("dossier"),
    _study("buildup"),
    _study("scan"),
    Command("export", "past.export_command", "Write stored rows to a CSV, Parquet or XLSX file."),
    Command("sql", "past.sql_command", "Ask the stored rows in SQL, through DuckDB."),
    Command(
        "sample",
        "past.sample_command",
        "Write whole simulated trading days, over all cores.",
    ),
    Command(
        "kite-server",
        "operate.kite_server",
        "Serve the simulated market or a recording as Kite Connect does, for its own client.",
    ),
    _study("interest"),
    _study("moves"),
    _study("spreads"),
    Command(
        "login",
        "setup.sign_in",
        "Fetch the day's access token for Kite, which running workers take up by themselves.",
    ),
    _study("check"),
    _study("doctor"),
    Command("retention", "past.pruning", "Prune old days; everything is kept unless you do."),
    Command("compare", "past.compare", "Hold a recording against parity, or against the exchange."),
    Command("config", "setup.settings", "Show, explain and check the configuration."),
    Command(
        "dashboards",
        "operate.dashboards_command",
        "Write Grafana's dashboards, or check them against the catalogue.",
    ),
    Command("panels", "look.panels", "Check panel files."),
    Command("data", "past.archive", "What is stored: list, measure, check, mend, compact."),
    Command("import", "past.importing", "Bring in rows of other layouts."),
    Command("plot", "look.plot_commands", "Draw stored chains."),
    Command("bench", "run.bench", "Time G6's arithmetic."),
)

COMMANDS = {command.name: command for command in _LIST}
"""By name."""
SELDOM = (
    "ticker",
    "trace",
    "providers",
    "verify",
    "retention-scan",
    "inspect",
    "dossier",
    "buildup",
    "scan",
    "interest",
    "moves",
    "spreads",
    "import",
    "compare",
    "export",
    "sql",
    "bench",
    "lots",
    "dashboards",
)
"""Named below the others in `g6 --help`, without their sentence: it fits a screen."""
