"""Documents of studies as parts for a terminal: sentences and tables."""
