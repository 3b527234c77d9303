"""The alerts that Prometheus evaluates: the one list of them."""

from g6.observability.catalogue.alerts import (
    collection_alerts,
    machine_alerts,
    source_alerts,
    stream_alerts,
)

ALERTING_RULES = (
    *machine_alerts.ALERTS,
    *collection_alerts.ALERTS,
    *source_alerts.ALERTS,
    *stream_alerts.ALERTS,
)
