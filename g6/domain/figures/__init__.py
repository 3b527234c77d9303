"""What a priced chain says: one module per kind of figure."""
