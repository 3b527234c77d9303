"""Saved answers of the exchanges as recordings."""
