"""The dashboards: the one list of them."""

from g6.observability.catalogue.dashboards.analytics_dashboards import ANALYTICS, PROVIDER
from g6.observability.catalogue.dashboards.collection_dashboards import COLLECTION, INDEX
from g6.observability.catalogue.dashboards.efficiency_dashboard import EFFICIENCY
from g6.observability.catalogue.dashboards.explorer_dashboards import COMPACT, EXPLORER
from g6.observability.catalogue.dashboards.home_dashboard import HOME
from g6.observability.catalogue.dashboards.machine_dashboards import BUS, PANELS, STORAGE, WORKERS
from g6.observability.catalogue.dashboards.stream_dashboard import STREAM

DASHBOARDS = (
    HOME,
    COLLECTION,
    INDEX,
    ANALYTICS,
    PROVIDER,
    STORAGE,
    WORKERS,
    EFFICIENCY,
    BUS,
    PANELS,
    STREAM,
    EXPLORER,
    COMPACT,
)
