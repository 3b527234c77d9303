"""The stream of events to listeners: one sequence, encoded once, over SSE and WebSocket."""
