"""The unit of work and its accounts: cycles, the plan, gaps, sizes."""
