"""Commands for a running system."""
