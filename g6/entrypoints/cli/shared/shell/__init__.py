"""What a shell asks and knows: completion, stored words, how this command was started."""
