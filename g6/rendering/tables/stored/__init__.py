"""Documents of stored chains as parts for a terminal."""
