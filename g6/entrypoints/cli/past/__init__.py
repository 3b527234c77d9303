"""Commands that work on stored days."""
