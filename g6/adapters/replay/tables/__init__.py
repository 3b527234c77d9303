"""Tables of snapshots as recordings."""
