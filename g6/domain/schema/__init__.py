"""The shape of everything that is stored: frames and columns."""
