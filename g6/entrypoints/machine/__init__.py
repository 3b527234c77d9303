"""The processes of one machine: supervisor, ticker, feeder."""
