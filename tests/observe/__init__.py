"""A real Prometheus beside a running system, and every query that is asked of it."""
