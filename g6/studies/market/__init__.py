"""Studies of what the exchanges list: sessions, expiries, contracts, lots."""
