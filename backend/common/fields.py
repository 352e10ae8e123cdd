"""Fields of requests that several apps read."""

from __future__ import annotations

import unicodedata
from typing import Any

from rest_framework import serializers

from backend.common.names import TURNING_MARKS


class PlainName(serializers.CharField):
    """A name of one line. What could pass for another name or for markup is refused in words, not quietly mended."""

    def to_internal_value(self, data: Any) -> str:
        text: str = super().to_internal_value(data)
        if any(unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp") or ord(c) in TURNING_MARKS for c in text):
            raise serializers.ValidationError("A name is one line without control or direction marks.")
        if "<" in text or ">" in text:
            raise serializers.ValidationError("A name has neither < nor > in it.")
        return " ".join(text.split())
