"""The data directory as a place: who owns it, which configurations wrote into it, what pruning takes away."""
