"""What lives in Redis, in one process's memory instead: for use from Python and in tests."""
