"""Ports around ports: guards, a stream before a provider, stores as one, candles as quotes."""
