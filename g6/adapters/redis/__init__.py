"""The ports whose state lives in Redis: frames, bus, panels, controls, slots, ledger, clocks."""
