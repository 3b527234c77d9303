"""Documents of the stored days as such as parts for a terminal."""
