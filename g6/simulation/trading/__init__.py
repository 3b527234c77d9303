"""One series on one day: its open interest, its books, its trades, and its quotes."""
