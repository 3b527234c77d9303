"""What a process of a running system is built of: its Redis, its ports, its first warm unit."""
