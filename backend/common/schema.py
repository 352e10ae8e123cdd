"""What every operation of the API has in common, said once in the schema."""

from __future__ import annotations

import json
import re
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
REFERENCE = re.compile(r'"#/components/schemas/(\w+)"')

Schema = dict[str, Any]


def describe_answers(result: Schema, generator: object, request: object, public: bool) -> Schema:
    """Every answer has all its fields, null or not, and every operation may answer with the error body."""
    components = result["components"]["schemas"]
    operations = [operation for path in result["paths"].values() for operation in path.values()]
    asked = _reached([operation.get("requestBody") for operation in operations], components)
    for name in _reached([operation["responses"] for operation in operations], components) - asked:
        if "properties" in components[name]:
            components[name]["required"] = list(components[name]["properties"])
    components["Error"] = ERROR
    refusal = {
        "description": "Refused",
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}},
    }
    for operation in operations:
        operation["responses"]["default"] = refusal
    return result


def _reached(start: object, components: Schema) -> set[str]:
    """The components that `start` refers to, and those that they refer to."""
    found: set[str] = set()
    waiting = REFERENCE.findall(json.dumps(start, default=str))
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += REFERENCE.findall(json.dumps(components[name], default=str))
    return found
