"""Builds what sends tasks."""

from __future__ import annotations

from celery import Celery

from g6.adapters.celery_sender import CelerySender
from g6.ports.sender import Sender


def task_sender(app: Celery) -> Sender:
    """Return the sender of an application's tasks."""
    return CelerySender(app)
