"""Measurements, each a command that prints its machine and its inputs: `kineme bench chain | upload | api`."""
