"""Doorways: Celery tasks, the command line, the web; thin."""
