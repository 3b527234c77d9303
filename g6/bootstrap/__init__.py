"""Settings -> Wiring -> Runtime: the only place that builds adapters."""
