"""Alerts: the one table of what people are told, and the conditions under which each is fired."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from g6.domain.reports.json_types import Document, Json, JsonObject, present
from g6.domain.reports.storing import SinkRefusal
from g6.domain.schema.words import EventType, Severity, Status


@dataclass(frozen=True, slots=True)
class Alert:
    """What a person should know now, and the command or act that helps.

    Attributes:
        state: A word for what is wrong, which is also the event's key.
        fix: None where nothing is said of it.
        facts: Further facts, for instance those of a provider's state.
    """

    type: ClassVar[EventType] = EventType.ALERT
    state: str
    sentence: str
    fix: str | None = None
    facts: Mapping[str, Json] = field(default_factory=dict)

    def to_json(self) -> JsonObject:
        """Return the payload of the event."""
        document = present(state=self.state, sentence=self.sentence) | dict(self.facts)
        return document | ({} if self.fix is None else {"fix": self.fix})

    @classmethod
    def from_json(cls, document: Document) -> Alert:
        """Read what `to_json` gave."""
        own = {"state", "sentence", "fix"}
        return cls(
            str(document.get("state", "")),
            str(document.get("sentence", "")),
            document.get("fix"),
            {name: value for name, value in document.items() if name not in own},
        )


@dataclass(frozen=True, slots=True)
class AlertRule:
    """One alert of the table.

    Attributes:
        id: Its name in the table.
        state: The word under which it is published. Several alerts may share one.
        condition: When it is fired, in words.
        severity: How urgent it is.
        sentence: What people read, with fields in braces.
        fix: What helps, with fields in braces.
        runbook: The page under docs/runbooks, empty where the fix is all there is to say.
    """

    id: str
    state: str
    condition: str
    severity: Severity
    sentence: str
    fix: str
    runbook: str = ""

    def fire(self, facts: Mapping[str, Json] | None = None, **values: object) -> Alert:
        """Return the alert with its fields filled in.

        Args:
            facts: Further facts for the payload of the event.
            values: The fields of sentence and fix.

        >>> DISK_LOW.fire(megabytes=31.94).sentence
        'the disk of the data directory has 31.9 MB left'
        """
        sentence = self.sentence.format(**values)
        return Alert(self.state, sentence, self.fix.format(**values), facts or {})


SKEW_SECONDS = 0.2
"""A host whose clock is further than this from Redis' begins cycles early or lets them expire."""
LITTLE_BYTES = 64e6
"""Room below which a disk is told of: a day of six indices takes more."""
STALL_SECONDS = 180.0
"""Wall seconds in an open market without a cycle that analysed anything."""
STREAM_SECONDS = 60.0
"""Wall seconds in an open market without a living tick stream."""

ROWS_REFUSED = AlertRule(
    "rows_refused",
    "disk",
    "a sink refuses rows: at once, then once a minute",
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
)
DISK_LOW = AlertRule(
    "disk_low",
    "disk",
    "the disk of the data directory has less than 64 MB left: once a minute",
    Severity.WARNING,
    "the disk of the data directory has {megabytes:.1f} MB left",
    "free space there; g6 data size, g6 data compact, g6 retention plan",
    "disk-full.md",
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
    "a host's clock is more than 0.2 s from Redis': once a minute",
    Severity.WARNING,
    "clocks differ: {clocks} from Redis",
    "timedatectl set-ntp true, on the host and on Redis' host",
    "expired.md",
)
CYCLES_STALLED = AlertRule(
    "cycles_stalled",
    "stall",
    "no cycle has analysed anything in an open market for 180 s and three cycles: once a minute",
    Severity.CRITICAL,
    "no cycle has analysed anything for {seconds:.0f} seconds of an open market",
    "g6 status; g6 ps",
    "no-worker.md",
)
STREAM_SILENT = AlertRule(
    "stream_silent",
    "stream",
    "the tick stream has brought nothing for 60 s of an open market: once a minute",
    Severity.WARNING,
    "the tick stream has been silent for {seconds:.0f} seconds of an open market; REST bridges",
    "{fix}",
    "provider.md",
)
TOKEN_MISSING = AlertRule(
    "token_missing",
    "token",
    "the market opens within the hour and no access token lasts until then: once a day",
    Severity.CRITICAL,
    "the market opens in {minutes:.0f} minutes and the access token is {token}",
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
    "the disk of {directory} {why}: the broker goes on without its append-only file; "
    "cycles whose rows are not stored are lost if it ends now",
    "free space there: df -h {directory}; g6 data size",
    "disk-full.md",
)
JOURNAL_RESUMED = AlertRule(
    "journal_resumed",
    "disk",
    "there is room for the append-only file of the embedded Redis again",
    Severity.WARNING,
    "the broker writes its append-only file in {directory} again",
    "",
)
SETTING_RETIRED = AlertRule(
    "setting_retired",
    "settings",
    "a command was started with a retired setting, and refused",
    Severity.WARNING,
    "a configuration with the retired settings {names} was refused",
    "{fix}",
)
RULES = (
    SETTING_RETIRED,
    ROWS_REFUSED,
    ROWS_TAKEN,
    DISK_LOW,
    LINES_ASIDE,
    CLOCKS_DIFFER,
    CYCLES_STALLED,
    STREAM_SILENT,
    TOKEN_MISSING,
    EXPIRY_NOT_LISTED,
    STREAM_REFUSED,
    STREAM_UNTRUSTED,
    JOURNAL_STOPPED,
    JOURNAL_RESUMED,
)
"""Every alert that the system itself fires; a provider's states with a fix are alerts as well."""


def disk_alert(refusals: Sequence[SinkRefusal], free_bytes: float | None) -> Alert | None:
    """Return what is to be told of the disk: what sinks refuse, else that little room is left.

    Args:
        refusals: What sinks refuse, the longest lasting first.
        free_bytes: Room of the data directory, None unknown.

    >>> disk_alert([], 65e6) is None
    True
    """
    if refusals:
        return rows_refused(refusals)
    if free_bytes is not None and free_bytes < LITTLE_BYTES:
        return DISK_LOW.fire(megabytes=free_bytes / 1e6)
    return None


def rows_refused(refusals: Sequence[SinkRefusal]) -> Alert:
    """Return the alert of what sinks refuse, in the words of the first refusal."""
    sinks = ", ".join(sorted({sink for refusal in refusals for sink in refusal.sinks}))
    return ROWS_REFUSED.fire(sinks=sinks, refusal=refusals[0].sentence, fix=refusals[0].fix)


def clock_alert(skews: Mapping[str, float]) -> Alert | None:
    """Return the alert of hosts whose clock is not Redis'.

    Args:
        skews: Host's clock less Redis' in seconds, by host.

    >>> clock_alert({"a": 0.5, "b": 0.01}).sentence
    'clocks differ: a is +0.50 s from Redis'
    """
    wrong = [f"{host} is {skew:+.2f} s" for host, skew in skews.items() if abs(skew) > SKEW_SECONDS]
    return CLOCKS_DIFFER.fire(clocks=", ".join(wrong)) if wrong else None


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


def unit_alerts(units: Mapping[str, str], reasons: Mapping[str, str]) -> list[JsonObject]:
    """Return what panel `alerts` shows of the units of a cycle that are not OK.

    >>> [alert["severity"] for alert in unit_alerts({"NIFTY": "OK", "SENSEX": "PARTIAL"}, {})]
    [<Severity.WARNING: 'warning'>]
    """
    return [
        {
            "name": "unit_not_ok",
            "severity": Status(status).severity,
            "index": index,
            "status": status,
            "reason": reasons.get(index, ""),
        }
        for index, status in units.items()
        if status != Status.OK
    ]


def panel_entry(rule: AlertRule, alert: Alert) -> JsonObject:
    """Return what panel `alerts` shows of an alert that is of no unit."""
    return {
        "name": rule.state,
        "severity": rule.severity,
        "index": "",
        "status": "",
        "reason": alert.sentence,
        "fix": alert.fix,
    }
