"""The ports of what takes facts from a running system and keeps them elsewhere."""

from g6.ports.sinks.alarm_channel import AlarmChannel
from g6.ports.sinks.alarm_log import AlarmLog
from g6.ports.sinks.outbox import Outbox
from g6.ports.sinks.sink import Sink
from g6.ports.sinks.span_sink import SpanSink

__all__ = ["AlarmChannel", "AlarmLog", "Outbox", "Sink", "SpanSink"]
