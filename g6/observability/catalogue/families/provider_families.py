"""The provider: requests, limits, login, listings and the tick stream."""

from g6.observability.catalogue.family import SECONDS, Family

PROVIDER_REQUESTS_TOTAL = Family(
    "provider",
    "g6_provider_requests_total",
    "counter",
    ("provider", "endpoint", "outcome"),
    "requests",
    "unit.report collect",
    "Requests to the provider.",
)
PROVIDER_REQUEST_SECONDS = Family(
    "provider",
    "g6_provider_request_seconds",
    "histogram",
    ("endpoint",),
    "seconds",
    "unit.report collect",
    "Time of one request.",
    buckets=SECONDS,
)
PROVIDER_RATE_WAIT_SECONDS = Family(
    "provider",
    "g6_provider_rate_wait_seconds",
    "histogram",
    ("endpoint",),
    "seconds",
    "unit.report collect",
    "Time one collection waited for request slots.",
    buckets=SECONDS,
)
PROVIDER_RETRIES_TOTAL = Family(
    "provider",
    "g6_provider_retries_total",
    "counter",
    ("reason=retry",),
    "requests",
    "unit.report collect",
    "Requests made again.",
)
PROVIDER_MODE = Family(
    "provider",
    "g6_provider_mode",
    "gauge",
    ("mode",),
    "boolean",
    "heartbeat",
    "1 for the kind of market that is being collected.",
)
PROVIDER_BREAKER_STATE = Family(
    "provider",
    "g6_provider_breaker_state",
    "gauge",
    ("state=breaker",),
    "boolean",
    "heartbeat",
    "1 for the state of the circuit breaker that all workers share.",
    primed=False,
)
PROVIDER_BUDGET_LEFT = Family(
    "provider",
    "g6_provider_budget_left",
    "gauge",
    ("family",),
    "requests",
    "heartbeat",
    "Requests that fit into the next minute.",
    primed=False,
)
PROVIDER_TOKEN_SECONDS = Family(
    "provider",
    "g6_provider_token_seconds",
    "gauge",
    (),
    "seconds",
    "heartbeat",
    "Time until the access token ends; 0 when none is good.",
    primed=False,
)
TOKEN_EXPIRES_UNIXTIME = Family(
    "provider",
    "g6_token_expires_unixtime",
    "gauge",
    (),
    "seconds",
    "heartbeat",
    "Wall time at which the access token ends; the heartbeat's own time when none is good.",
    primed=False,
)
INSTRUMENTS_FAULTY = Family(
    "provider",
    "g6_instruments_faulty",
    "gauge",
    ("exchange",),
    "boolean",
    "heartbeat",
    "1 while the exchange's dump of instruments is an older one, or is refused.",
    primed=False,
)
EXPIRY_CACHE_HITS = Family(
    "provider",
    "g6_expiry_cache_hits",
    "counter",
    (),
    "listings",
    "unit.report collect",
    "Listings, with their expiries, that needed no download.",
)
EXPIRY_CACHE_MISSES = Family(
    "provider",
    "g6_expiry_cache_misses",
    "counter",
    (),
    "listings",
    "unit.report collect, provider.state",
    "Listings that were downloaded, or stood in for one that could not be.",
)
ROOT_CACHE_HIT_RATIO = Family(
    "provider",
    "g6_root_cache_hit_ratio",
    "gauge",
    (),
    "ratio",
    "unit.report collect",
    "Listings that needed no download over all asked for by one process.",
    primed=False,
)
TICKER_CONNECTED = Family(
    "provider",
    "g6_ticker_connected",
    "gauge",
    ("connection",),
    "boolean",
    "heartbeat",
    "1 while this connection of the stream is open.",
    primed=False,
)
TICKER_LAST_FRAME_AGE_SECONDS = Family(
    "provider",
    "g6_ticker_last_frame_age_seconds",
    "gauge",
    ("connection",),
    "seconds",
    "heartbeat",
    "Time since its last frame, the feed's own heartbeats included.",
    primed=False,
)
TICKER_TOKENS = Family(
    "provider",
    "g6_ticker_tokens",
    "gauge",
    ("connection",),
    "instruments",
    "heartbeat",
    "Instruments it is subscribed to.",
    primed=False,
)
TICKER_TICKS_PER_SECOND = Family(
    "provider",
    "g6_ticker_ticks_per_second",
    "gauge",
    ("connection",),
    "ticks",
    "heartbeat",
    "Ticks a second over the last few.",
    primed=False,
)
TICKER_RECONNECTS_TOTAL = Family(
    "provider",
    "g6_ticker_reconnects_total",
    "counter",
    ("reason=loss",),
    "connections",
    "provider.state",
    "Connections of the stream that were lost and made again, by reason.",
)
QUOTE_SOURCE_TOTAL = Family(
    "provider",
    "g6_quote_source_total",
    "counter",
    ("index", "source"),
    "options",
    "unit.report analyse",
    "Options by where their quote came from.",
)

FAMILIES = (
    PROVIDER_REQUESTS_TOTAL,
    PROVIDER_REQUEST_SECONDS,
    PROVIDER_RATE_WAIT_SECONDS,
    PROVIDER_RETRIES_TOTAL,
    PROVIDER_MODE,
    PROVIDER_BREAKER_STATE,
    PROVIDER_BUDGET_LEFT,
    PROVIDER_TOKEN_SECONDS,
    TOKEN_EXPIRES_UNIXTIME,
    INSTRUMENTS_FAULTY,
    EXPIRY_CACHE_HITS,
    EXPIRY_CACHE_MISSES,
    ROOT_CACHE_HIT_RATIO,
    TICKER_CONNECTED,
    TICKER_LAST_FRAME_AGE_SECONDS,
    TICKER_TOKENS,
    TICKER_TICKS_PER_SECOND,
    TICKER_RECONNECTS_TOTAL,
    QUOTE_SOURCE_TOTAL,
)
