"""What is written and shown: rows, panels, the status document."""
