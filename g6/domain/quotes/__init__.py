"""What a source says of a market at an instant."""
