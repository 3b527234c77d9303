"""Trading of one series on one day: its open interest, its books, its trades, and what is quoted of them."""
