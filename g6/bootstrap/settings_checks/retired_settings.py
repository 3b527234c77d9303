"""The report of a configuration that was refused for a retired setting."""

from __future__ import annotations

from contextlib import suppress

from g6.adapters.redis.bus import RedisBus
from g6.adapters.redis.server import connect
from g6.config.retired import RetiredSetting
from g6.domain.reports import StateFacts
from g6.domain.reports.alerts import SETTING_RETIRED
from g6.errors import G6Error


def report_retired(error: RetiredSetting) -> bool:
    """Publish the retired settings on the bus of the server that the configuration names.

    Whoever sees to a running system learns that a host or a container still has the old settings.

    Returns:
        Whether it was published. False without an address, and where the server does not answer.
    """
    # Without an address there is no server to tell: an embedded one was not started.
    if not error.redis_url:
        return False
    names = ", ".join(error.names)
    facts = StateFacts(retired=list(error.names))
    alert = SETTING_RETIRED.fire(facts, names=names, fix=error.fix)
    with suppress(G6Error):
        RedisBus(connect(error.redis_url), error.namespace).publish(alert, key=alert.state)
        return True
    return False
