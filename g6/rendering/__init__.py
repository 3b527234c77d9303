"""Documents as tables and pictures."""
