"""Alerts: raised once when something goes wrong, remembered, and told of again when it is over."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

from g6.domain.cycles.cycle import isoformat_z
from g6.domain.documents.panels import envelope
from g6.domain.reports import Alert, AlertRule, Switches
from g6.domain.reports.alerts import ROWS_REFUSED, rows_refused
from g6.domain.reports.panel_alerts import PanelAlert, panel_alert
from g6.domain.reports.switches import ALERT_PREFIX, RaisedAlert
from g6.domain.schema.json_reading import entries, part
from g6.pipeline.runtime import Runtime
from g6.ports import Bus, Controls

PANEL = "alerts"


def settle(
    bus: Bus,
    controls: Controls,
    raised: Mapping[str, RaisedAlert],
    now: float,
    rule: AlertRule,
    alert: Alert | None,
    name: str = "",
) -> bool:
    """Publish what has changed of one alert: that it is raised, or that it is over.

    Args:
        bus: Where it is published.
        controls: Where it is remembered while it lasts.
        raised: What is remembered there.
        now: Wall time.
        rule: The alert's record.
        alert: What is wrong, None while all is well.
        name: What tells it from others of the same record, for instance a process.

    Returns:
        Whether anything has changed.
    """
    key = f"{rule.id}:{name}" if name else rule.id
    before = raised.get(key)
    if (alert is None) == (before is None):
        return False
    if alert is not None:
        fact = RaisedAlert(alert, rule.severity, now)
        controls.set(f"{ALERT_PREFIX}{key}", fact.to_json())
        bus.publish(alert, key=alert.state)
        return True
    controls.set(f"{ALERT_PREFIX}{key}", None)
    if before is not None:
        bus.publish(over(before, now), key=before.alert.state)
    return True


def over(raised: RaisedAlert, now: float) -> Alert:
    """Return the alert that says that one is over, and how long it lasted."""
    sentence = f"over after {now - raised.since:.0f} s: {raised.alert.sentence}"
    return replace(raised.alert, sentence=sentence, fix=None, is_over=True)


def note(
    runtime: Runtime, switches: Switches, rule: AlertRule, alert: Alert | None, name: str = ""
) -> bool:
    """Settle one alert of the running system, and return whether anything has changed."""
    now = runtime.clock.wall()
    alert = None if alert is None else alert.completed(runtime.data_option)
    return settle(runtime.bus, runtime.controls, switches.alerts, now, rule, alert, name)


def renew(runtime: Runtime, switches: Switches, rule: AlertRule, alert: Alert | None) -> None:
    """Settle one alert, and tell of it again whenever its sentence is another one."""
    before = switches.alerts.get(rule.id)
    if alert is None or before is None:
        note(runtime, switches, rule, alert)
        return
    alert = alert.completed(runtime.data_option)
    if alert.sentence != before.alert.sentence:
        fact = RaisedAlert(alert, rule.severity, before.since)
        runtime.controls.set(f"{ALERT_PREFIX}{rule.id}", fact.to_json())
        runtime.bus.publish(alert, key=alert.state)


def publish_alert(runtime: Runtime, alert: Alert) -> None:
    """Publish an alert that is not remembered, its commands with what finds these rows."""
    runtime.bus.publish(alert.completed(runtime.data_option), key=alert.state)


def alert_entries(switches: Switches, option: str = "") -> list[PanelAlert]:
    """Return what panel `alerts` shows beside the cycle's units: refused rows, raised alerts.

    Args:
        switches: What is remembered of both.
        option: What a command needs to find these rows.
    """
    alerts: list[PanelAlert] = []
    refusals = switches.longest_refusals()
    if refusals:
        alert = rows_refused(refusals).completed(option)
        alerts.append(panel_alert(ROWS_REFUSED.severity, alert))
    for raised in sorted(switches.alerts.values(), key=lambda raised: raised.since):
        since = isoformat_z(round(raised.since))
        alerts.append(panel_alert(raised.severity, raised.alert, since))
    return alerts


def show_alerts(runtime: Runtime) -> None:
    """Write the panel of alerts anew between two cycles, where its entries have changed."""
    panel = runtime.panels.get(PANEL) or {}
    before = entries(part(panel, "data"), "alerts")
    # Entries of units are those of the newest cycle, which stay until the next one closes.
    of_units = [entry for entry in before if entry.get("index")]
    others = alert_entries(runtime.controls.read(), runtime.data_option)
    alerts = [*of_units, *(alert.to_json() for alert in others)]
    if alerts == list(before):
        return
    at = isoformat_z(round(runtime.clock.wall()))
    # A panel yields to a newer cycle alone, so one without a cycle is of the instant before.
    earlier = runtime.clock.market() - timedelta(seconds=runtime.plan.interval)
    cycle = str(panel.get("updated_at") or isoformat_z(earlier.replace(microsecond=0)))
    document = envelope(PANEL, {"alerts": alerts}, cycle, at, "heartbeat")
    runtime.panels.put({PANEL: document})
