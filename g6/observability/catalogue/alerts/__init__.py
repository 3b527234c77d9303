"""The alerts that Prometheus evaluates: the one list of them."""

from g6.observability.catalogue.alerts import collection, machines, sources

ALERTING_RULES = (*machines.ALERTS, *collection.ALERTS, *sources.ALERTS)
