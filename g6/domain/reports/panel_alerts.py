"""Entries of panel `alerts`: units of the newest cycle that are not OK, and alerts of no unit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from g6.domain.cycles.cycle import parse_z
from g6.domain.market.instants import instant_in_words
from g6.domain.reports.alert import Alert
from g6.domain.reports.alerts import NO_QUOTES
from g6.domain.schema.json_types import JsonObject, present
from g6.domain.schema.no_word import NoWord
from g6.domain.schema.words import Reason, Severity, Status


@dataclass(frozen=True, slots=True)
class PanelAlert:
    """One entry of the panel.

    Attributes:
        name: A word for what is wrong.
        index: The index of a unit, empty for an alert of no unit.
        status: How the unit ended.
        reason: A word of `Reason` where it is of a unit, else the alert's sentence.
        fix: What helps, of an alert of no unit.
        since: When it was raised, ISO instant, empty where that is not remembered.
    """

    name: str
    severity: Severity
    index: str = ""
    status: Status | NoWord = ""
    reason: str = ""
    fix: str | None = None
    since: str = ""

    def to_json(self) -> JsonObject:
        """Return the entry as the panel has it."""
        document: JsonObject = {
            "name": self.name,
            "severity": self.severity,
            "index": self.index,
            "status": self.status,
            "reason": self.reason,
        }
        if not self.index:
            document["fix"] = self.fix
        return document | present(since=self.since)


def unit_alerts(units: Mapping[str, Status], reasons: Mapping[str, str]) -> list[PanelAlert]:
    """Return the entries of the units of a cycle that are not OK.

    >>> units = {"NIFTY": Status.OK, "SENSEX": Status.PARTIAL}
    >>> [alert.severity for alert in unit_alerts(units, {})]
    [<Severity.WARNING: 'warning'>]
    """
    return [
        PanelAlert("unit_not_ok", status.severity, index, status, reasons.get(index, ""))
        for index, status in units.items()
        if status is not Status.OK
    ]


def panel_alert(severity: Severity, alert: Alert, since: str = "") -> PanelAlert:
    """Return the entry of an alert that is of no unit.

    >>> panel_alert(Severity.CRITICAL, Alert("provider", "no quotes")).reason
    'no quotes'
    """
    return PanelAlert(alert.state, severity, reason=alert.sentence, fix=alert.fix, since=since)


def quotes_alert(cycle: str, reasons: Iterable[str]) -> Alert | None:
    """Return the alert of a cycle in which the provider gave no index any quotes.

    A token that is missing and a breaker that is open have alerts of their own.

    Args:
        cycle: The cycle.
        reasons: Why its units are not OK, none of which was analysed.

    >>> quotes_alert("2026-11-18T05:30:00Z", ["provider"]).state
    'provider'
    """
    words = sorted({*reasons} & {Reason.PROVIDER, Reason.NO_QUOTES})
    if not words:
        return None
    return NO_QUOTES.fire(cycle=instant_in_words(parse_z(cycle)), reasons=", ".join(words))
