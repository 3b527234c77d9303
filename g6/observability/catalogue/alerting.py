"""One alert that Prometheus evaluates, and how urgent it is."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Urgency(StrEnum):
    """What an alert asks of people.

    A page wakes somebody: data is being lost now. A ticket is mended today. A note is shown.
    """

    PAGE = "page"
    TICKET = "ticket"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class AlertingRule:
    """One alert of the catalogue.

    Attributes:
        id: Its name, as Prometheus and Alertmanager show it.
        expression: What must hold.
        hold: How long it must hold before the alert fires, in Prometheus' words.
        summary: One short sentence with the labels in braces of Go's templates.
        description: What it means for the data.
        fix: The command that helps or shows more.
        runbook: The page under docs/runbooks.
        inhibited_by: Alerts while which it is not told, since it follows from them.
        keep: How long it goes on after its condition ends, in Prometheus' words. What follows from
            it ends later than it does, and would be told then.
        needs: What must run for its series to exist: empty, login, ticker, stream
            or influx.
    """

    id: str
    expression: str
    hold: str
    urgency: Urgency
    summary: str
    description: str
    fix: str
    runbook: str
    inhibited_by: tuple[str, ...] = ()
    keep: str = ""
    needs: str = ""
