"""InfluxDB, and what speaks its write API."""

from g6.adapters.influx.influx_sink import InfluxSink

__all__ = ["InfluxSink"]
