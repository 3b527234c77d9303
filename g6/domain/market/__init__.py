"""What is listed and when it trades: instruments, expiries, lots, calendars."""
