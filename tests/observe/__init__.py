"""A real Prometheus beside a running system and every query asked of it; what the tests themselves cost."""
