"""G6's Celery settings, for people who look here first; nothing of G6 reads this file.

`g6/celery.py` makes the application, so `celery -A g6 worker|beat|call` needs no configuration
module. What only sends or looks can do without the application: `celery --config celeryconfig call
g6.rerun --args '["2026-11-20T04:05:00Z", "NIFTY"]'`. The settings are derived from G6's own in
`g6/entrypoints/workers/queues.py`, and from the table of jobs beside it.
"""

from g6.celery import app
from g6.entrypoints.workers.queues import celery_settings

globals().update(celery_settings(app.settings, app.conf.broker_url))
