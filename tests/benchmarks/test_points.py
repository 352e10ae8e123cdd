import numpy as np
import pytest

from backend.common.columns import unpack
from backend.vocabulary.selectors import map_columns
from benchmarks.points import a_map
from tests.factories.runs import a_project, a_user, clustered


@pytest.mark.django_db
def test_a_made_up_map_has_the_columns_of_a_real_one() -> None:
    facts, columns = unpack(a_map(1000, n_clusters=6, n_videos=3))
    _, real = map_columns(clustered(a_project(a_user()), [2]))
    assert {name: column.dtype.name for name, column in columns.items()} == {
        name: column.dtype.name for name, column in real.items()
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
