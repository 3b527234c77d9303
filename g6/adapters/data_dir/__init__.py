"""The data directory: its owner, the configurations that wrote into it, and its pruning."""
