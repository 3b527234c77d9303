"""The dashboards: the one list of them."""

from g6.observability.catalogue.dashboards.analytics import ANALYTICS, PROVIDER
from g6.observability.catalogue.dashboards.collection import COLLECTION, INDEX
from g6.observability.catalogue.dashboards.home import HOME
from g6.observability.catalogue.dashboards.machines import BUS, PANELS, STORAGE, WORKERS

DASHBOARDS = (HOME, COLLECTION, INDEX, ANALYTICS, PROVIDER, STORAGE, WORKERS, BUS, PANELS)
