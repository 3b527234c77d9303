"""What a terminal shows of every command: its signs, progress, versions, what was left out."""
