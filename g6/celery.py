"""The application of `celery -A g6 worker|beat|call|flower`, which works from any directory."""

from __future__ import annotations

from g6.config import load
from g6.entrypoints.workers.app import create_app
from g6.errors.memory_dumps import leave_no_core

leave_no_core()
app = create_app(load())
