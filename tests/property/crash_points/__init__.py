"""Processes that end before each change of the file system in turn, and what is left of what is stored."""
