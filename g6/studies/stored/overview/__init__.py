"""Studies at a glance: every index, one through a session, the strikes near the money."""
