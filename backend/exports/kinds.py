"""What every kind of export is made by: the version of the code that writes it, and whether it carries pictures."""

VERSIONS = {"lerobot": 1, "language_action": 1, "webdataset": 1, "activitynet": 1, "laps": 1}
"""Raise a kind's number when a change of code changes the bytes it makes of the same version and options."""
WITH_PICTURES = ("lerobot", "webdataset", "laps")
ARCHIVE, CARD, README = "export.tar", "card.json", "README.md"
"""The files of the artefact an export makes."""
