"""What must not change while the house is rebuilt: rows, panels, events, families, settings and columns of one seed, as hashes."""
