"""The broker's tick stream: frames of the WebSocket turned into rows of the quote cache.

indices   the tokens of the indices
packets   what a frame holds, as arrays: pure
board     the newest row of each instrument, and which of them the cache does not have yet
silence   when a connection that is open has fallen silent: pure
socket    one connection of the broker's client
ticker    the process: connections that follow what is wanted, a writer, a watch
"""
