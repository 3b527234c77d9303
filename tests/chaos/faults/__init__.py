"""The faults, by what is broken; importing this package registers them all."""

from tests.chaos.faults import broker, clocks, hosts, messages, outside, processes, refusals, work

__all__ = ["broker", "clocks", "hosts", "messages", "outside", "processes", "refusals", "work"]
