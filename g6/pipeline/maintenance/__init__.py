"""What is done with the files and events that are stored: archived, folded, measured."""
