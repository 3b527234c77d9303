"""The broker's tick stream: frames of the WebSocket turned into rows of the quote cache.

indices   the tokens of the indices
packets   what a frame holds, as arrays: pure
board     the newest row of each instrument, and which of them the cache does not have yet
silence   when a connection that is open has fallen silent: pure
client    how the server is reached: certificates, proxy, the broker's own client
socket    one connection of that client
feeds     the process: connections that follow what is wanted, a writer, a watch
"""
