"""What every operation of the API has in common, said once in the schema."""

from __future__ import annotations

from typing import Any

ERROR = {
    "type": "object",
    "description": "Every refusal: a code for programs, a sentence for people.",
    "properties": {
        "code": {"type": "string"},
        "message": {"type": "string"},
        "details": {"type": "object", "additionalProperties": {}},
    },
    "required": ["code", "message"],
}


def describe_errors(result: dict[str, Any], generator: object, request: object, public: bool) -> dict[str, Any]:
    """Give every operation the error body as what it answers otherwise."""
    result["components"]["schemas"]["Error"] = ERROR
    answer = {
        "description": "Refused",
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}},
    }
    for operations in result["paths"].values():
        for operation in operations.values():
            operation["responses"]["default"] = answer
    return result
