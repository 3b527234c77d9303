"""Studies of stored chains and overview rows."""
