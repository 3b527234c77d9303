"""What reads, searches and mends the files of a data directory, built of settings."""
