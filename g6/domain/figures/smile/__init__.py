"""The volatility smile: its points, its density, its surface, and what follows from them."""
