"""What `g6` offers in Python beside stored rows: studies, asked as functions."""
