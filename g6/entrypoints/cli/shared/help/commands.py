"""Every command, in the order and the groups of `g6 --help`.

`g6 NAME` imports what that command needs, so that it does not wait for the others: pydantic, numpy
and rich cost 0.5 s of processor time of a first 0.65 s.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["COMMANDS", "GROUPS", "Command"]


@dataclass(frozen=True, slots=True)
class Command:
    """One command.

    Attributes:
        name: Its word after `g6`.
        module: The module below `g6.entrypoints.cli` that registers it, empty for a study.
        is_first: Whether it is one of the few that `g6` alone explains, of its group.
    """

    name: str
    module: str = ""
    is_first: bool = False

    @property
    def is_study(self) -> bool:
        """Tell whether it asks a study, from which its options, its help and its output follow."""
        return not self.module


GROUPS: dict[str, tuple[Command, ...]] = {
    "Start here": (
        Command("demo", "run.start", is_first=True),
        Command("init", "setup.scaffold", is_first=True),
    ),
    "Look at the market (traders)": (
        Command("status"),
        Command("top", "look.top_command", is_first=True),
        Command("overview"),
        Command("chain", is_first=True),
        Command("ladder"),
        Command("payoff"),
        Command("analyze", is_first=True),
        Command("buildup"),
        Command("scan"),
        Command("interest"),
        Command("levels"),
        Command("exposures"),
        Command("moves"),
        Command("spreads"),
        Command("dossier"),
        Command("plot", "look.plot_commands"),
        Command("expiries"),
        Command("instrument"),
        Command("lots"),
        Command("rules", "past.market_rule_commands"),
        Command("calendar"),
    ),
    "Work on the past (researchers)": (
        Command("data", "past.archive"),
        Command("sample", "past.sample_command", is_first=True),
        Command("export", "past.export_command", is_first=True),
        Command("page", "past.page_command"),
        Command("sql", "past.sql_command", is_first=True),
        Command("inspect"),
        Command("verify"),
        Command("certificate"),
        Command("quality"),
        Command("recompute", "past.recomputing"),
        Command("replay", "run.replay_command"),
        Command("compare", "past.compare"),
        Command("import", "past.importing"),
        Command("import-config", "setup.import_config"),
        Command("participants"),
        Command("retention-scan"),
        Command("panels", "look.panels"),
        Command("bench", "run.bench"),
    ),
    "Run and watch G6 (operators)": (
        Command("config", "setup.settings"),
        Command("login", "setup.sign_in"),
        Command("check"),
        Command("day"),
        Command("doctor", is_first=True),
        Command("health"),
        Command("providers"),
        Command("plan"),
        Command("live", "run.live", is_first=True),
        Command("up", "run.start", is_first=True),
        Command("run", "run.start"),
        Command("serve", "operate.serve"),
        Command("web", "operate.web_command"),
        Command("mcp", "operate.model_tools"),
        Command("ticker", "operate.stream"),
        Command("ps"),
        Command("trace"),
        Command("events", "operate.events_command"),
        Command("logs"),
        Command("control", "operate.control_command"),
        Command("rerun", "operate.rerunning"),
        Command("dashboards", "operate.dashboards_command"),
        Command("metrics", "operate.metrics_command"),
        Command("influx", "operate.influx_command"),
        Command("alert", "operate.alert_command"),
        Command("retention", "past.pruning"),
        Command("archive", "past.keeping.archive_commands"),
        Command("backup", "past.keeping.backup_commands"),
        Command("restore", "past.keeping.restore_command"),
        Command("maintenance", "past.keeping.maintenance_command"),
        Command("kite-server", "operate.kite_server"),
    ),
}
"""By what a person wants to do, the commands in the order of a first day."""

COMMANDS = {command.name: command for group in GROUPS.values() for command in group}
"""By name."""
