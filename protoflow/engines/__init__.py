"""Hosts of the interpreter: each brings messages and time to the same participants, and nothing else."""
