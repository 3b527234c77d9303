"""What an installation is made of, and what writes it from the facts in g6."""
