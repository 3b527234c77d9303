"""What lives in Redis: frames, events, panels, controls, request slots, the ledger, the shared clock; and a server of our own."""
