"""What lives in Redis: frames, events, panels, controls, slots, shelf, ledger, shared clock; and a server of our own."""
