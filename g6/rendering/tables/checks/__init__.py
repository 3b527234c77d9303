"""Documents of checks as parts for a terminal."""
