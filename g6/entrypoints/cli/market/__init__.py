"""Commands about the market: calendar, expiries, instruments, lots."""
