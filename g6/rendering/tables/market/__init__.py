"""Documents of contracts, lots and trading days as parts for a terminal."""
