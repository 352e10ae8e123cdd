from __future__ import annotations

import pytest

from ml.exports import WRITERS
from ml.exports.options import LerobotOptions


@pytest.mark.parametrize("kind", sorted(WRITERS))
def test_options_survive_a_round_trip_and_refuse_what_nobody_knows(kind: str) -> None:
    options = WRITERS[kind].options
    assert options.from_dict(options().to_dict()) == options()
    with pytest.raises(ValueError, match="owner__password"):
        options.from_dict({"owner__password": 1})
    with pytest.raises(ValueError, match="object"):
        options.from_dict([])


@pytest.mark.parametrize(
    "data",
    [
        {"episode": "shift"},
        {"quality": 99},
        {"quality": True},
        {"long_side_px": 1},
        {"task": "x" * 501},
        {"cycle_action": 3},
        {"z_q": "yes"},
    ],
)
def test_values_out_of_range_or_of_another_type_are_refused(data: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=next(iter(data))):
        LerobotOptions.from_dict(data)
