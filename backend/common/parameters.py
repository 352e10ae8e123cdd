"""The query of an address, read by an explicit list: a parameter nobody knows is refused, not ignored."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

MAX_ID = 2**63 - 1  # what the column of an id can hold


class Parameters(serializers.Serializer[Any]):
    """Base of the serializers that read a query. A mistyped filter must not look as if it had let everything pass."""

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        if unknown := sorted(set(data) - set(self.fields)):
            raise serializers.ValidationError({name: ["There is no such parameter here."] for name in unknown})
        values: dict[str, Any] = super().to_internal_value(data)
        return values
