"""Documents as tables, JSON, CSV, HTML and pictures, for every door."""
