"""Commands that configure and log in."""
