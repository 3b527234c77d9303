"""Ports around ports: guards, the stream's cache before a broker, several stores as one, a provider of the past."""
