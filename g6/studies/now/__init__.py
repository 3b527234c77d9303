"""Studies of the running system: what it collects and holds at this moment."""
