"""Tests of the rules of Prometheus, run by promtool over series that each case writes."""
