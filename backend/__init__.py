"""Stores, schedules, authorises and serves. The chain itself is `ml`."""

VERSION = "0.1.0"
