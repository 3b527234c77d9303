"""Questions about stored and newest data."""
