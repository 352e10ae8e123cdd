import json
import struct

import numpy as np
import pytest

from backend.common.columns import pack, unpack


def test_what_was_packed_is_unpacked() -> None:
    columns = {
        "ids": np.array([3.0, 2.0**40, 5.0]),
        "cluster": np.array([0, -1, 7], dtype=np.int32),
        "x": np.array([0.5, np.nan, -2.0], dtype=np.float32),
    }
    facts, again = unpack(pack({"projection": "umap", "title": "größe"}, columns))
    assert (facts["projection"], facts["title"], facts["n"]) == ("umap", "größe", 3)
    assert list(again) == list(columns)
    for name, column in columns.items():
        np.testing.assert_array_equal(again[name], column)
        assert again[name].dtype == column.dtype


def test_columns_start_at_multiples_of_eight() -> None:
    content = pack({}, {"a": np.array([1], dtype=np.int32), "b": np.array([2.5])})
    (length,) = struct.unpack_from("<I", content)
    assert json.loads(content[4 : 4 + length])["columns"][1] == {"name": "b", "type": "float64"}
    begin = -(-(4 + length) // 8) * 8
    assert struct.unpack_from("<i", content, begin) == (1,)
    assert struct.unpack_from("<d", content, begin + 8) == (2.5,)
    assert len(content) % 8 == 0


def test_no_rows_are_columns_too() -> None:
    facts, columns = unpack(pack({}, {"a": np.array([], dtype=np.int32)}))
    assert facts["n"] == 0
    assert len(columns["a"]) == 0


@pytest.mark.parametrize(
    "columns",
    [{"a": np.array([1, 2])}, {"a": np.zeros(2, np.float32), "b": np.zeros(3, np.float32)}],
)
def test_other_types_and_lengths_are_refused(columns: dict[str, np.ndarray]) -> None:
    with pytest.raises(ValueError, match="of one length"):
        pack({}, columns)
