"""Metrics, rules and dashboards, all from one catalogue."""
