"""The look-alike's WebSocket: frames of ticks and who is subscribed to them."""
