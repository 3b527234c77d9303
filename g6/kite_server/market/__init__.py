"""What the look-alike knows of its market: instruments, quotes, candles."""
