"""What can go wrong between here and a server. `str(error)` is a sentence to show."""

from __future__ import annotations

from typing import Any


class KinemeError(Exception):
    """Any of them."""


class NotReached(KinemeError):
    """No answer, after every attempt that was worth making."""


class Refused(KinemeError):
    """The server said no: an HTTP status, a code for programs, a sentence for people."""

    def __init__(self, status: int, code: str, sentence: str, details: Any = None) -> None:
        super().__init__(sentence)
        self.status = status
        self.code = code
        self.sentence = sentence
        self.details = details


class WrongBytes(KinemeError):
    """What was downloaded is not what the server made."""


class Interrupted(KinemeError):
    """Something ended on the server otherwise than hoped for: it failed or was cancelled."""
