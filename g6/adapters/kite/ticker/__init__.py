"""Kite's tick stream: frames of the WebSocket turned into rows of the quote cache.

stream_frames  the packets of a frame, as arrays: pure
tick_board     the newest row of each instrument, and the rows that the cache does not have yet
silence        the verdict on a connection that is open and silent: pure
stream_client  Kite's own client, with certificates checked and the proxy of REST
socket         one connection of that client
feeds          the process: connections, a writer, a watch on silence
"""
