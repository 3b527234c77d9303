"""Alerts: the one table of what people are told, and the conditions under which each is fired."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from g6.domain.cycles.memory_pressure import MemoryPressure, PressureLevel
from g6.domain.reports.alert import Alert, AlertRule
from g6.domain.reports.storing import SinkRefusal, SinkReport
from g6.domain.schema.words import QueueName, Severity

SKEW_SECONDS = 0.2
"""A host whose clock is further than this from Redis' begins cycles early or lets them expire."""
LITTLE_BYTES = 64e6
"""Room below which a disk is told of: a day of six indices takes more."""
STALL_SECONDS = 180.0
"""Wall seconds in an open market without a cycle that analysed anything."""
SINK_SECONDS = 60.0
"""Wall seconds that points wait for a server of time series before somebody is told."""
STREAM_SECONDS = 60.0
"""Wall seconds in an open market without a living tick stream."""

ROWS_REFUSED = AlertRule(
    "rows_refused",
    "disk",
    "a sink refuses rows: at once, and when it takes them again",
    Severity.CRITICAL,
    "rows are not stored ({sinks}): {refusal}",
    "{fix}",
    "disk-full.md",
)
ROWS_TAKEN = AlertRule(
    "rows_taken",
    "disk",
    "the last sink that refused rows takes them again",
    Severity.WARNING,
    "writes are taken again after {seconds:.0f} seconds; what was refused meanwhile may be missing",
    "{fix}",
    "disk-full.md",
    ends="rows_refused",
)
DISK_LOW = AlertRule(
    "disk_low",
    "disk",
    "the disk of the data directory has less than 64 MB left",
    Severity.WARNING,
    "the disk of the data directory has {megabytes:.1f} MB left",
    "free space there; g6 data size, g6 retention plan",
    "disk-full.md",
    of_vitals=lambda vitals: disk_alert(vitals.disk_free_bytes),
)
DIRECTORY_MISSING = AlertRule(
    "directory_missing",
    "directory",
    "rows are stored, and the worker that sweeps runs on a host without the data directory",
    Severity.WARNING,
    "the worker of maintenance on {host} has no data directory: nobody looks at the disk of the "
    "rows, and cycles that Redis forgot get none",
    "end it, and run it on {hosts}, which stores rows: celery -A g6 worker -Q maintenance",
    of_vitals=lambda vitals: _directory_alert(vitals.lacking_directory, vitals.storing_hosts),
)
LINES_ASIDE = AlertRule(
    "lines_aside",
    "damage",
    "a write found damaged lines in a CSV file",
    Severity.WARNING,
    "{count} damaged lines of {file} were set aside in {path}",
    "g6 data check --date {day}; it prints what mends them",
)
CLOCKS_DIFFER = AlertRule(
    "clocks_differ",
    "clock",
    "a host's clock is more than 0.2 s from Redis'",
    Severity.WARNING,
    "clocks differ: {clocks} from Redis",
    "timedatectl set-ntp true, on the host and on Redis' host",
    "expired.md",
    of_vitals=lambda vitals: clock_alert(vitals.clock_skew_seconds),
)
CYCLES_STALLED = AlertRule(
    "cycles_stalled",
    "stall",
    "no cycle has analysed anything in an open market for 180 s and three cycles",
    Severity.CRITICAL,
    "no cycle has analysed anything for {seconds:.0f} seconds of an open market",
    "g6 status; g6 ps",
    "no-worker.md",
)
STREAM_SILENT = AlertRule(
    "stream_silent",
    "stream",
    "the tick stream has brought nothing for 60 s of an open market",
    Severity.WARNING,
    "the tick stream has been silent for {seconds:.0f} seconds of an open market; REST bridges",
    "{fix}",
    "provider.md",
)
TOKEN_MISSING = AlertRule(
    "token_missing",
    "token",
    "a session is open, or opens within the hour, and there is no access token for it",
    Severity.CRITICAL,
    "the access token is {token} and the market {when}",
    "g6 login",
    "token.md",
)
EXPIRY_NOT_LISTED = AlertRule(
    "expiry_not_listed",
    "expiry",
    "an expiry that is configured by date or number is not listed: once a day and index",
    Severity.WARNING,
    "{index}: the configured expiry {names} is not listed and is not collected",
    "g6 expiries {index} --json lists what there is; mend index_params.{index}.expiries",
)
STREAM_REFUSED = AlertRule(
    "stream_refused",
    "token",
    "the tick stream refuses a token that REST takes",
    Severity.WARNING,
    "the stream refuses a token that REST has not refused; it is tried again, within a minute",
    "{fix}",
    "token.md",
)
STREAM_UNTRUSTED = AlertRule(
    "stream_untrusted",
    "certificate",
    "the tick stream's server shows a certificate that is refused: once",
    Severity.CRITICAL,
    "the stream's server shows a certificate that is refused; it is told neither key nor token",
    "{fix}",
    "provider.md",
)
JOURNAL_STOPPED = AlertRule(
    "journal_stopped",
    "disk",
    "the disk of the embedded Redis is full, or refuses its append-only file",
    Severity.CRITICAL,
    "the disk of {directory} {why}: Redis goes on without its append-only file; "
    "cycles whose rows are not stored are lost if it ends now",
    "free space there: df -h {directory}; g6 data size",
    "disk-full.md",
)
JOURNAL_RESUMED = AlertRule(
    "journal_resumed",
    "disk",
    "there is room for the append-only file of the embedded Redis again",
    Severity.WARNING,
    "Redis writes its append-only file in {directory} again",
    "",
    ends="journal_stopped",
)
SETTING_RETIRED = AlertRule(
    "setting_retired",
    "settings",
    "a command was started with a retired setting, and refused",
    Severity.WARNING,
    "a configuration with the retired settings {names} was refused",
    "{fix}",
)
BREAKER_OPEN = AlertRule(
    "breaker_open",
    "breaker",
    "the provider failed so often in a row that it is left alone for a while",
    Severity.CRITICAL,
    "{sentence}",
    "g6 check says what is wrong",
    "breaker.md",
)
PROVIDER_SILENT = AlertRule(
    "provider_silent",
    "outage",
    "the provider has not answered for `provider.outage_threshold` seconds",
    Severity.CRITICAL,
    "{sentence}",
    "g6 check says what is wrong",
    "provider.md",
)
NO_QUOTES = AlertRule(
    "no_quotes",
    "provider",
    "a cycle closes in which the provider gave no index any quotes",
    Severity.CRITICAL,
    "the provider gives no quotes since {cycle} ({reasons})",
    "g6 check says what the provider answers, and why",
    "provider.md",
)
QUEUES_UNSERVED = AlertRule(
    "queues_unserved",
    "worker",
    "a queue of the running system has no worker that gave a sign of life of late",
    Severity.CRITICAL,
    "nobody serves {queues}: {count} messages wait",
    "celery -A g6 worker -Q {names}, or g6 up where everything runs on one machine",
    "no-worker.md",
)
PROCESS_ENDED = AlertRule(
    "process_ended",
    "process",
    "a process of g6 up ended by itself: until it has run for a while again",
    Severity.CRITICAL,
    "the process {name} ended ({how}) and is started again",
    "see {log} for why",
    "no-worker.md",
)
NO_HEARTBEAT = AlertRule(
    "no_heartbeat",
    "heartbeat",
    "g6 up hears no heartbeat: no beat sends the sweep, or nobody serves queue maintenance",
    Severity.CRITICAL,
    "no heartbeat for {seconds:.0f} s: cycles are neither sent nor closed",
    "g6 ps lists what lives; the logs are in {logs}",
    "no-beat.md",
)
MEMORY_SHORT = AlertRule(
    "memory_short",
    "memory",
    "workers fill their memory, and work is cut back: one alert for each level",
    Severity.WARNING,
    "workers of {host} take {share:.0%} of the {limit:.0f} MB that they may: {effect}",
    "g6 ps shows who takes it; run fewer workers (workers.cycle), or raise memory.limit",
    "memory-pressure.md",
)
CALENDAR_ENDS = AlertRule(
    "calendar_ends",
    "calendar",
    "less than 30 days of the exchange calendar are left: each day",
    Severity.WARNING,
    "the exchange calendar {ends} on {day}{in_days}: nothing is collected after it",
    "add {year} to config/sessions.local.toml, see docs/how-to/holidays.md",
    "calendar-year.md",
)
SINK_AWAY = AlertRule(
    "sink_away",
    "sink",
    "points have waited for the server of time series for 60 s",
    Severity.WARNING,
    "points have waited for {sink} for {seconds:.0f} seconds, {units} units by now: {error}",
    "g6 influx status; nothing is lost, what waits is sent when it answers",
    "sink-away.md",
)
CHANNEL_AWAY = AlertRule(
    "channel_away",
    "channel",
    "a channel of g6 alert took no message twice in a row",
    Severity.WARNING,
    "{error}",
    "g6 alert test; what fired is in g6 alert log, and is sent when the channel takes it",
)
RULES = (
    SETTING_RETIRED,
    ROWS_REFUSED,
    ROWS_TAKEN,
    DISK_LOW,
    DIRECTORY_MISSING,
    LINES_ASIDE,
    CLOCKS_DIFFER,
    CYCLES_STALLED,
    STREAM_SILENT,
    TOKEN_MISSING,
    EXPIRY_NOT_LISTED,
    CALENDAR_ENDS,
    STREAM_REFUSED,
    STREAM_UNTRUSTED,
    JOURNAL_STOPPED,
    JOURNAL_RESUMED,
    BREAKER_OPEN,
    PROVIDER_SILENT,
    NO_QUOTES,
    QUEUES_UNSERVED,
    PROCESS_ENDED,
    NO_HEARTBEAT,
    MEMORY_SHORT,
    SINK_AWAY,
    CHANNEL_AWAY,
)
"""Every alert that the system itself fires; a provider's states with a fix are alerts as well."""


def disk_alert(free_bytes: float | None) -> Alert | None:
    """Return the alert of a disk with little room left.

    Args:
        free_bytes: Room of the data directory, None unknown.

    >>> disk_alert(65e6) is None
    True
    """
    if free_bytes is not None and free_bytes < LITTLE_BYTES:
        return DISK_LOW.fire(megabytes=free_bytes / 1e6)
    return None


def _directory_alert(host: str, hosts: Sequence[str]) -> Alert | None:
    """Return the alert of a sweep that cannot see the rows which others store."""
    return DIRECTORY_MISSING.fire(host=host, hosts=" or ".join(hosts)) if host and hosts else None


def rows_refused(refusals: Sequence[SinkRefusal]) -> Alert:
    """Return the alert of what sinks refuse, in the words of the first refusal.

    >>> refusal = SinkRefusal("disk full", "free space", ("csv",), "persist", "", 0.0, 0.0, "")
    >>> rows_refused([refusal]).state
    'disk'
    """
    sinks = ", ".join(sorted({sink for refusal in refusals for sink in refusal.sinks}))
    return ROWS_REFUSED.fire(sinks=sinks, refusal=refusals[0].sentence, fix=refusals[0].fix)


def sink_alert(report: SinkReport) -> Alert | None:
    """Return the alert of points that wait for a server of time series.

    >>> sink_alert(SinkReport("influx", True, waiting_seconds=2.0)) is None
    True
    >>> sink_alert(SinkReport("influx", False, 6, 1000, 75.0, error="refused")).state
    'sink'
    """
    if report.waiting_seconds < SINK_SECONDS:
        return None
    return SINK_AWAY.fire(
        sink=report.sink,
        seconds=report.waiting_seconds,
        units=report.units,
        error=report.error or "it is behind",
    )


def clock_alert(skews: Mapping[str, float]) -> Alert | None:
    """Return the alert of hosts whose clock is not Redis'.

    Args:
        skews: Host's clock less Redis' in seconds, by host.

    >>> clock_alert({"a": 0.5, "b": 0.01}).sentence
    'clocks differ: a is +0.50 s from Redis'
    """
    wrong = [f"{host} is {skew:+.2f} s" for host, skew in skews.items() if abs(skew) > SKEW_SECONDS]
    return CLOCKS_DIFFER.fire(clocks=", ".join(wrong)) if wrong else None


def memory_alert(level: PressureLevel, pressure: MemoryPressure) -> Alert:
    """Return the alert of one level of memory pressure.

    >>> full = MemoryPressure(PressureLevel.NO_GREEKS, 0.83, 1e9, "a")
    >>> memory_alert(PressureLevel.NO_GREEKS, full).sentence
    'workers of a take 83% of the 1000 MB that they may: Greeks are suspended'
    """
    limit = pressure.limit_bytes / 1e6
    return MEMORY_SHORT.fire(
        host=pressure.host, share=pressure.share, limit=limit, effect=level.effect
    )


def stall_alert(silent_seconds: float, step: float) -> Alert | None:
    """Return the alert of an open market of which no cycle is analysed.

    Args:
        silent_seconds: Wall seconds since the last such cycle, or since the market opened.
        step: Wall seconds between cycles.

    >>> stall_alert(170.0, 60.0) is None
    True
    """
    if silent_seconds < max(STALL_SECONDS, 3 * step):
        return None
    return CYCLES_STALLED.fire(seconds=silent_seconds)


def unserved_alert(waiting: Mapping[str, int], unserved: Collection[str]) -> Alert | None:
    """Return the alert of queues that nobody serves.

    Args:
        waiting: Messages that wait, by queue.
        unserved: The queues of which no worker lives.

    >>> unserved_alert({}, ["persist"]).sentence
    'nobody serves queue persist: 0 messages wait'
    """
    names = [str(name) for name in QueueName if name in unserved]
    if not names:
        return None
    count = sum(waiting.get(name, 0) for name in names)
    noun = "queue" if len(names) == 1 else "queues"
    queues = f"{noun} {', '.join(names)}"
    return QUEUES_UNSERVED.fire(queues=queues, count=count, names=",".join(names))
