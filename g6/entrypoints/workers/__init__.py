"""The Celery application: tasks, queues, schedule, transport."""
