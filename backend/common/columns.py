"""Many rows as columns in one binary answer, which a browser reads as typed arrays without parsing.

Layout: uint32 length of the header, the header (JSON, UTF-8), then each column from the next multiple of eight bytes
on; all of it little endian. The header is the given facts plus `n`, the rows, and `columns`: [{"name", "type"}] in
order.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

MEDIA_TYPE = "application/vnd.kineme.columns"
TYPES = {"float64": "<f8", "float32": "<f4", "int32": "<i4"}
ALIGNED = 8


def pack(facts: Mapping[str, Any], columns: Mapping[str, NDArray[Any]]) -> bytes:
    """Columns of one length, of the dtypes in `TYPES`. Raises ValueError on anything else."""
    lengths = {len(column) for column in columns.values()}
    if len(lengths) > 1 or any(column.dtype.name not in TYPES for column in columns.values()):
        raise ValueError("columns must be of one length, and of float64, float32 or int32")
    described = [{"name": name, "type": column.dtype.name} for name, column in columns.items()]
    header = json.dumps({**facts, "n": lengths.pop() if lengths else 0, "columns": described}).encode()
    blocks = [struct.pack("<I", len(header)) + header]
    blocks += [column.astype(TYPES[column.dtype.name], copy=False).tobytes() for column in columns.values()]
    return b"".join(block + b"\0" * (-len(block) % ALIGNED) for block in blocks)


def unpack(content: bytes) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """The facts and the columns of what `pack` made."""
    (length,) = struct.unpack_from("<I", content)
    facts = json.loads(content[4 : 4 + length])
    at, columns = 4 + length, {}
    for column in facts["columns"]:
        at += -at % ALIGNED
        dtype = np.dtype(TYPES[column["type"]])
        columns[column["name"]] = np.frombuffer(content, dtype, facts["n"], at)
        at += facts["n"] * dtype.itemsize
    return facts, columns
