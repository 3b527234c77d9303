"""What the system says of itself between cycles: a heartbeat, and the check of the panel files."""

from __future__ import annotations

from g6.pipeline.runtime import Runtime


def heartbeat(runtime: Runtime) -> None:
    """Publish queue depths, workers, clock skew, open markets and the provider's state."""
    at = runtime.clock.market()
    exchanges = sorted({plan.index.exchange for plan in runtime.plan.indices.values()})
    payload = {
        **runtime.vitals.read(),
        "market_open": {exchange: runtime.feeds is not None or runtime.calendar.is_open(exchange, at) for exchange in exchanges},
        "provider": dict(runtime.provider.describe()),
        "plan": {
            "indices": list(runtime.plan.indices),
            "interval": runtime.plan.interval,
            "step": runtime.timing.step,
            "config_id": runtime.plan.config_id,
        },
    }
    runtime.bus.publish("heartbeat", payload)


def verify_panels(runtime: Runtime) -> None:
    """Check the panel files against their manifest and publish what was found."""
    began = runtime.clock.wall()
    issues = dict(runtime.panel_files.verify())
    runtime.bus.publish("panels.verify", {"issues": issues, "elapsed_seconds": runtime.clock.wall() - began})
