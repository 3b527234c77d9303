"""Options and arguments of commands, and a study as a command made of its parameters."""
