import numpy as np

from backend.common.columns import unpack
from backend.vocabulary.selectors import MAP_COLUMNS
from benchmarks.points import a_map


def test_a_made_up_map_has_the_columns_of_a_real_one() -> None:
    facts, columns = unpack(a_map(1000, n_clusters=6, n_videos=3))
    assert {name: column.dtype.name for name, column in columns.items()} == {
        name: kind for name, (_, _, kind) in MAP_COLUMNS.items()
    }
    assert facts["n"] == 1000
    assert (np.diff(columns["ids"]) > 0).all()
    assert set(columns["cluster"]) == set(range(6))
    assert set(columns["action"]) == {-1, 1, 2, 3}
    assert set(columns["video"]) == {1, 2, 3}
    assert (columns["end_s"] > columns["start_s"]).all()


def test_it_is_the_same_every_time() -> None:
    assert a_map(500) == a_map(500)
    assert a_map(500) != a_map(500, seed=1)
