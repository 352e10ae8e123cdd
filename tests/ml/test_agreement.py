import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml.agreement import agreement


def counted(ratings: list[list[float | None]], n_values: int) -> np.ndarray:
    """Rows are people, columns things; None: not judged."""
    counts = np.zeros((len(ratings[0]), n_values), dtype=np.int64)
    for person in ratings:
        for thing, value in enumerate(person):
            if value is not None:
                counts[thing, int(value)] += 1
    return counts


def test_worked_by_hand():
    # Things: (0, 0), (1, 1), (0, 1). Interval: observed = 2·1 / 6 ratings; the marginals are 3 and 3, so
    # expected = 2·3·3 / (6·5) = 0.6, and alpha = 1 - (1/3) / 0.6 = 4/9.
    found = agreement(counted([[0, 1, 0], [0, 1, 1]], 2), "interval")
    assert found.alpha == pytest.approx(4 / 9)
    assert (found.n_units, found.n_ratings) == (3, 6)
    assert found.low is not None
    assert found.high is not None
    assert found.low <= 4 / 9 <= found.high


def test_a_thing_one_person_judged_does_not_count():
    both = agreement(counted([[0, 1, 0], [0, 1, 1]], 2), "nominal")
    more = agreement(counted([[0, 1, 0, 1, None], [0, 1, 1, None, None]], 2), "nominal")
    assert more == both


def test_agreement_is_not_defined_where_nothing_could_disagree():
    assert agreement(counted([[2, 2], [2, 2]], 4), "interval").alpha is None
    nobody = agreement(counted([[0, 1], [None, None]], 4), "interval")
    assert (nobody.alpha, nobody.n_units, nobody.n_ratings) == (None, 0, 0)
    assert agreement(np.zeros((0, 4), dtype=np.int64), "interval").alpha is None


def test_the_interval_narrows_with_more_things():
    rng = np.random.default_rng(0)

    def width(n: int) -> float:
        truth = rng.integers(0, 4, n)
        people = [np.clip(truth + rng.integers(-1, 2, n), 0, 3).tolist() for _ in range(2)]
        found = agreement(counted(people, 4), "interval")
        assert found.low is not None
        assert found.high is not None
        return found.high - found.low

    assert width(2000) < 0.5 * width(50)


@pytest.mark.parametrize("level", ["nominal", "interval"])
@given(data=st.data())
@settings(max_examples=150, deadline=None)
def test_it_is_what_the_krippendorff_library_gives(level, data):
    krippendorff = pytest.importorskip("krippendorff")
    people, things = data.draw(st.integers(2, 6)), data.draw(st.integers(1, 12))
    rating = st.one_of(st.none(), st.integers(0, 3))
    ratings = data.draw(st.lists(st.lists(rating, min_size=things, max_size=things), min_size=people, max_size=people))
    ours = agreement(counted(ratings, 4), level, repeats=1).alpha
    table = np.array([[np.nan if v is None else float(v) for v in person] for person in ratings])
    pairable = (~np.isnan(table)).sum(axis=0) >= 2
    if ours is None:
        judged = table[:, pairable]
        assert len(np.unique(judged[~np.isnan(judged)])) < 2
    else:
        theirs = krippendorff.alpha(
            reliability_data=table[:, pairable], level_of_measurement=level, value_domain=[0.0, 1.0, 2.0, 3.0]
        )
        assert ours == pytest.approx(theirs, abs=1e-9)
