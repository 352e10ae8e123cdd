"""Which primitives an export holds, and how its videos are split."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from backend.exports.choosing import Choice, Filter, Shares, choose, splits_of, why_nothing


def columns(**given: list[Any]) -> dict[str, np.ndarray]:
    n = len(next(iter(given.values())))
    nothing = {"quality": [3.0] * n, "action": [7] * n, "spread": [-1] * n, "settled": [False] * n}
    return {name: np.array(values) for name, values in {**nothing, **given}.items()}


def kept(found: Choice) -> list[int]:
    return found.rows.tolist()


def test_a_primitive_is_kept_from_a_mean_quality_of_two():
    found = choose(columns(quality=[1.99, 2.0, 3.0, np.nan]), Filter())
    assert kept(found) == [1, 2]
    assert (found.below_quality, found.unrated) == (1, 1)


def test_what_nobody_has_rated_can_be_taken_too():
    found = choose(columns(quality=[1.0, np.nan]), Filter(include_unrated=True))
    assert kept(found) == [1]
    assert choose(columns(quality=[np.nan]), Filter(min_quality=0)).unrated == 1


def test_disagreement_counts_until_somebody_settles_it():
    given = columns(spread=[0, 1, 2, 2, -1], settled=[False, False, False, True, False])
    assert kept(choose(given, Filter(max_spread=1))) == [0, 1, 3, 4]
    assert kept(choose(given, Filter())) == [0, 1, 2, 3, 4]


def test_only_what_belongs_to_an_action_unless_asked():
    given = columns(action=[7, -1, 8])
    assert kept(choose(given, Filter())) == [0, 2]
    assert kept(choose(given, Filter(unnamed=True))) == [0, 1, 2]
    assert kept(choose(given, Filter(actions=(8,)))) == [2]
    assert kept(choose(given, Filter(actions=(8,), unnamed=True))) == [1, 2]


def test_every_primitive_is_counted_once():
    rng = np.random.default_rng(0)
    given = columns(
        quality=rng.choice([0.0, 1.5, 2.0, 3.0, np.nan], 500).tolist(),
        action=rng.choice([-1, 7, 8], 500).tolist(),
        spread=rng.integers(-1, 4, 500).tolist(),
        settled=rng.choice([True, False], 500).tolist(),
    )
    found = choose(given, Filter(max_spread=1, actions=(7,)))
    left_out = found.unrated + found.below_quality + found.disagreed + found.unnamed + found.other_actions
    assert len(found.rows) + left_out == found.total == 500


@pytest.mark.parametrize(
    ("given", "wanted", "sentence"),
    [
        ({"quality": []}, Filter(), "holds no primitive"),
        (
            {"quality": [1.0] * 40 + [np.nan] * 200},
            Filter(),
            "0 of 240 primitives have quality 2 or more; 200 are not rated yet.",
        ),
        ({"quality": [1.0, 1.0]}, Filter(min_quality=2.5), "0 of 2 primitives have quality 2.5 or more."),
        ({"spread": [2, 3]}, Filter(max_spread=1), "differ by more than 1 in every one of the 2"),
        ({"action": [-1, -1, -1]}, Filter(), "None of the 3 primitives that are left belongs to an action"),
        ({"action": [7, 7, -1]}, Filter(actions=(8,)), "None of the 2 primitives that are left belongs to the actions"),
    ],
)
def test_an_empty_export_says_why_with_the_numbers(given: dict[str, Any], wanted: Filter, sentence: str):
    found = choose(columns(**given), wanted)
    assert kept(found) == []
    assert sentence in why_nothing(found, wanted)


def videos(*recordings: str) -> list[dict[str, str]]:
    return [{"sha256": f"{place:064x}", "recording": name} for place, name in enumerate(recordings)]


def test_ten_videos_split_as_the_shares_say():
    found = splits_of(videos(*[""] * 10), Shares(0.6, 0.2, 0.2))
    assert [found.count(name) for name in ("train", "val", "test")] == [6, 2, 2]


def test_views_of_one_recording_are_never_torn_apart():
    for seed in range(20):
        given = videos("a", "a", "", "b", "b", "b", "", "c")
        found = splits_of(given, Shares(0.5, 0.25, 0.25, seed))
        by_recording: dict[str, set[str]] = {}
        for one, name in zip(given, found, strict=True):
            if one["recording"]:
                by_recording.setdefault(one["recording"], set()).add(name)
        assert all(len(names) == 1 for names in by_recording.values())


def test_the_seed_decides_and_the_order_of_videos_does_not():
    given = videos(*[""] * 30)
    one = dict(zip([v["sha256"] for v in given], splits_of(given, Shares(0.5, 0.3, 0.2)), strict=True))
    other = dict(zip([v["sha256"] for v in given[::-1]], splits_of(given[::-1], Shares(0.5, 0.3, 0.2)), strict=True))
    assert one == other
    assert splits_of(given, Shares(0.5, 0.3, 0.2, seed=1)) != splits_of(given, Shares(0.5, 0.3, 0.2, seed=2))


def test_no_video_goes_where_no_share_is():
    assert set(splits_of(videos("", "", ""), Shares(1.0, 0.0, 0.0))) == {"train"}
    assert splits_of(videos(""), Shares(0.8, 0.1, 0.1)) == ["train"]
