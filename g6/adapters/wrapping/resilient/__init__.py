"""Guards around a live provider: request budget, further tries, breaker, a second provider."""

from g6.adapters.wrapping.resilient.breaker import Breaker
from g6.adapters.wrapping.resilient.further import FurtherRequests
from g6.adapters.wrapping.resilient.outage import Outage
from g6.adapters.wrapping.resilient.request_gate import Patience, RequestGate
from g6.adapters.wrapping.resilient.resilient_provider import Resilient

__all__ = ["Breaker", "FurtherRequests", "Outage", "Patience", "RequestGate", "Resilient"]
