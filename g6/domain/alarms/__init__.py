"""Alarms: what a person wants to be told of the market, as rules over figures, cycle by cycle."""

from g6.domain.alarms.alarm_rules import (
    SHIPPED,
    AlarmRule,
    QuietHours,
    parse_quiet,
    parse_seconds,
    rule_of_text,
)
from g6.domain.alarms.conditions import (
    GAP,
    SECONDS_LEFT,
    TOKEN_GOOD,
    FigureFacts,
    Happening,
    TokenEnding,
    TokenMissing,
)
from g6.domain.alarms.evaluation import (
    Alarm,
    AlarmMemory,
    AlarmOutcome,
    AlarmState,
    evaluate,
    happened,
)
from g6.domain.alarms.figure_names import COVERAGE, IV_RANK, PANEL, chain_figures, figures
from g6.domain.alarms.messages import LoggedAlarm, WaitingMessage, message_text

__all__ = [
    "COVERAGE",
    "GAP",
    "IV_RANK",
    "PANEL",
    "SECONDS_LEFT",
    "SHIPPED",
    "TOKEN_GOOD",
    "Alarm",
    "AlarmMemory",
    "AlarmOutcome",
    "AlarmRule",
    "AlarmState",
    "FigureFacts",
    "Happening",
    "LoggedAlarm",
    "QuietHours",
    "TokenEnding",
    "TokenMissing",
    "WaitingMessage",
    "chain_figures",
    "evaluate",
    "figures",
    "happened",
    "message_text",
    "parse_quiet",
    "parse_seconds",
    "rule_of_text",
]
