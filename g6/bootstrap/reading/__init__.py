"""What studies read: stored rows, the running system, the machine, the provider, listings."""
