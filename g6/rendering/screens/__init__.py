"""Whole screens of a terminal, as cells of which only the changed ones are written."""
