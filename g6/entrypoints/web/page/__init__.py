"""The page at `/`: its files, and a day of it in one file."""
