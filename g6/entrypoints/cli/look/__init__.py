"""Commands that show stored chains and what they say."""
