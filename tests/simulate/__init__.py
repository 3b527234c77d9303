"""A seeded simulation of the pipeline: real use cases over the memory adapters, faults at every step.

One process and one seed. The scheduler owns time, and the order of steps. Actors are two beats, workers of every
queue, and an operator. A step ends at every call of a port and at every message that changes hands. There a process
may die or stand still, a message be lost, doubled or delayed, a clock jump, Redis vanish, forget or go back, the disk
fill. `python -m tests.simulate` runs it.

It does not cover Celery's and kombu's own code, Redis' own code, nor the operating system. The chaos runs on real
processes do (`make chaos`).
"""
