"""The process that answers over HTTP."""
