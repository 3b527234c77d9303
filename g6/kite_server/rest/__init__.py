"""The look-alike's HTTP answers."""
