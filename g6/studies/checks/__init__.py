"""Studies that check stored rows and files."""
