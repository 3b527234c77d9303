"""Questions to the stored files: `g6.load`, `g6.sql`, and the rows that studies read."""
