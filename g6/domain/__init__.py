"""Pure: arrays, dates and formulas; no I/O, no clock, no logging."""
