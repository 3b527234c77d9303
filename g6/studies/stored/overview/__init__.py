"""Studies at a glance: every index, one through a session, strikes near the money, a payoff."""
