"""`g6 top` as lines, for pipes and logs: of each cycle what changed, index by index."""

from __future__ import annotations

from dataclasses import dataclass, field

from g6.domain.cycles.cycle import parse_z
from g6.domain.documents.board_facts import BoardFacts
from g6.rendering.screens.run_board import COLUMNS
from g6.rendering.screens.top_board import board_lines
from g6.rendering.screens.top_head import TopView
from g6.rendering.wording import clock, in_india

__all__ = ["TopLines"]

_FIGURES = ("spot", "chg %", "ATM", "PCR", "IV %", "straddle", "max pain", "source")


@dataclass(slots=True)
class TopLines:
    """Remembers what was printed, so that only what changed is printed next."""

    _cycle: str = ""
    _figures: dict[str, dict[str, str]] = field(default_factory=dict)
    _alerts: tuple[str, ...] = ()

    def after(self, facts: BoardFacts) -> list[str]:
        """Return the lines of a newer state, none where nothing changed."""
        lines = self._alert_lines(facts)
        report = facts.report
        if report is None or report.cycle == self._cycle:
            return lines
        at = clock(parse_z(report.cycle), has_seconds=True)
        if not self._cycle:
            count = len(report.units)
            noun = "index" if count == 1 else "indices"
            lines.append(f"{in_india(report.cycle)}, {count} {noun}")
        self._cycle = report.cycle
        for line in board_lines(facts, report, {}, TopView()):
            cells = {
                column.heading: column.cell(line.row) if line.row else "–"
                for column in COLUMNS
                if column.heading in _FIGURES
            }
            cells["status"] = f"{line.status} {line.reason}".strip()
            before = self._figures.get(line.index, {})
            ordered = [name for name in (*_FIGURES, "status") if cells[name] != before.get(name)]
            self._figures[line.index] = cells
            if ordered:
                changes = " · ".join(f"{name} {cells[name]}" for name in ordered)
                lines.append(f"{at} {line.index}  {changes}")
        return lines

    def _alert_lines(self, facts: BoardFacts) -> list[str]:
        alerts = tuple(" ".join(alert.split()) for alert in facts.alerts)
        lines = [f"alert: {alert}" for alert in alerts if alert not in self._alerts]
        lines += [f"over: {alert}" for alert in self._alerts if alert not in alerts]
        self._alerts = alerts
        return lines
