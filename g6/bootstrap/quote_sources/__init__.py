"""The configured source of quotes, and the guards that stand around it."""
