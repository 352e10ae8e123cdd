"""Handing on: a reviewed vocabulary and its primitives, written in the forms trainers load."""
