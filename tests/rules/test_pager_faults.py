"""The faults of the pager name alerts of the catalogue, and commands of their runbooks."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from g6.observability.catalogue.alerts import ALERTING_RULES
from tests.pager.faults import FAULTS, PagerFault
from tests.pager.recorded import RECORDED

BOOKS = Path(__file__).parents[2] / "docs/runbooks"
RULES = {rule.id: rule for rule in ALERTING_RULES}
INDICES = re.compile(r"\b(?:NIFTY|SENSEX)\b")


def test_every_fault_expects_alerts_of_the_catalogue() -> None:
    for fault in (*FAULTS, *RECORDED):
        assert fault.expected, fault.name
        assert set(fault.expected) <= set(RULES), fault.name


@pytest.mark.parametrize(
    "fault", [fault for fault in FAULTS if fault.diagnosis], ids=lambda fault: fault.name
)
def test_what_is_asked_during_a_fault_stands_in_its_runbook(fault: PagerFault) -> None:
    pages = [(BOOKS / RULES[alert].runbook).read_text("utf-8") for alert in fault.expected]
    text = INDICES.sub("INDEX", "\n".join(pages))
    for command in fault.diagnosis:
        assert INDICES.sub("INDEX", command) in text, command
