"""Documents of the running system as parts for a terminal."""
