from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml.exports import Entry
from ml.exports.instructions import COLOURS, MATERIALS, NOUNS, TEMPLATES, Linter, instruction


def said(drop_objects: bool = True, **entry: str) -> str:
    made = Entry(1, entry.pop("name", ""), **entry)
    return instruction(made, None, Linter.of([made], drop_objects))


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ({"name": "Lift the red cup", "primitive": "lift"}, "lift the object upward while holding it"),
        ({"name": "To the left", "primitive": "transport"}, "transport the object to the left while holding it"),
        ({"name": "Move up and forward", "primitive": "move"}, "move upward forward with an empty hand"),
        ({"name": "x", "description": "turns clockwise", "primitive": "rotate_free"},
         "rotate the hand clockwise with an empty hand"),
        ({"name": "Tighten", "verb": "tighten", "object": "steel screw"}, "tighten the object"),
        ({"name": "Screw in the long steel bolt"}, "screw in the object"),
        ({"name": "Pick up the green plastic lid of the box"}, "pick up the object of the object"),
        ({"name": "Wipe the workpiece", "object": "workpiece"}, "wipe the object"),
        ({"name": "红色"}, "红色"),
        ({"name": "red"}, "perform the motion"),
        ({"name": "\x00\u202e"}, "perform the motion"),
    ],
)  # fmt: skip
def test_an_instruction_is_action_direction_and_hand(entry: dict[str, str], expected: str) -> None:
    assert said(**entry) == expected


def test_objects_may_stay_without_their_colour() -> None:
    assert said(False, name="", primitive="grasp", object="the red screwdriver") == (
        "align with and grasp the screwdriver"
    )


def test_an_object_of_one_action_is_no_word_of_another() -> None:
    vocabulary = [Entry(1, "Take the flange", object="flange"), Entry(2, "Turn the flange over")]
    assert instruction(vocabulary[1], None, Linter.of(vocabulary, True)) == "turn the object over"


def test_a_primitive_without_an_action_is_a_motion_by_number() -> None:
    linter = Linter.of([], True)
    assert instruction(None, 4, linter) == "perform motion 4"
    assert instruction(None, None, linter) == "perform the motion"


@given(
    words=st.lists(st.sampled_from(sorted(COLOURS | MATERIALS | NOUNS | {"take", "over", "the", "of"})), max_size=8),
    primitive=st.sampled_from(["", *TEMPLATES]),
    obj=st.lists(st.sampled_from(sorted(COLOURS | NOUNS)), max_size=3),
)
def test_no_instruction_names_a_colour_a_material_or_a_thing(words: list[str], primitive: str, obj: list[str]) -> None:
    text = said(name=" ".join(["take", *words]), primitive=primitive, object=" ".join(obj))
    assert not (COLOURS | MATERIALS | NOUNS) & set(text.split())
    assert text == text.strip()
    assert text
