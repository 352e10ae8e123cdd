"""What a primitive is called without having seen it: action, direction, and whether something is held (LA4VLA §3.2,
§7.3). Never colour, material, look or place; on request not even what is acted on.

The paper has a language model write these. Here they follow from what people typed, by rules: the same vocabulary gives
the same sentences. A noun that stands in no `object` or `subject` of the vocabulary and in no list below stays, so the
card lists every instruction for a person to read.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from ml.exports.dataset import Entry
from ml.exports.text import one_line

OBJECT = "the object"
_THE_OBJECT = OBJECT.split()
HOLDING, EMPTY = "while holding it", "with an empty hand"

# Of the taxonomy (LA4VLA §4.2, table 8): sentence, and what is in the hand. {object} and {direction} are filled in.
TEMPLATES: dict[str, tuple[str, str]] = {
    "grasp": ("align with and grasp {object}", ""),
    "place": ("place {object} and let go", ""),
    "lift": ("lift {object} upward", HOLDING),
    "lower": ("lower {object} downward", HOLDING),
    "transport": ("transport {object} {direction}", HOLDING),
    "wrist_rotate": ("rotate {object} around the axis of the wrist {direction}", HOLDING),
    "reorient": ("reorient {object} {direction}", HOLDING),
    "push": ("push {object} away {direction}", ""),
    "pull": ("pull {object} closer {direction}", ""),
    "press": ("press {object} down", ""),
    "move": ("move {direction}", EMPTY),
    "rotate_free": ("rotate the hand {direction}", EMPTY),
    "reorient_free": ("reorient the hand {direction}", EMPTY),
    "wait": ("wait", ""),
}
DIRECTIONS: dict[str, str] = {
    "left": "to the left",
    "leftward": "to the left",
    "leftwards": "to the left",
    "right": "to the right",
    "rightward": "to the right",
    "rightwards": "to the right",
    "forward": "forward",
    "forwards": "forward",
    "backward": "backward",
    "backwards": "backward",
    "up": "upward",
    "upward": "upward",
    "upwards": "upward",
    "down": "downward",
    "downward": "downward",
    "downwards": "downward",
    "clockwise": "clockwise",
    "counterclockwise": "counterclockwise",
    "anticlockwise": "counterclockwise",
    "upright": "upright",
    "flat": "flat",
    "horizontal": "horizontally",
    "horizontally": "horizontally",
    "vertical": "vertically",
    "vertically": "vertically",
}


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


COLOURS = _set(
    "red green blue yellow orange purple violet pink brown black white grey gray silver golden gold beige cyan "
    "magenta turquoise navy teal maroon olive bronze dark light bright pale colourful colorful coloured "
    "colored transparent translucent opaque shiny matte glossy"
)
MATERIALS = _set(
    "metal metallic steel iron aluminium aluminum brass copper wood wooden plastic rubber glass ceramic paper "
    "cardboard leather fabric cotton textile foam silicone nylon acrylic carbon concrete stone porcelain "
    "stainless"
)
LOOKS = _set(
    "big large small tiny little huge long short thick thin wide narrow round square rectangular cylindrical "
    "old new clean dirty rusty striped labelled labeled"
)
# Nouns of the bench that many vocabularies name without filling in `object`.
NOUNS = _set(
    "screw screws bolt bolts nut nuts washer washers screwdriver wrench spanner hammer pliers drill tool tools "
    "part parts plate plates board boards panel lid cover box boxes bin tray bottle cup mug bowl plug cable "
    "cables wire wires connector bracket gear gears wheel bearing motor pump valve pipe hose bag tape label "
    "sticker knife scissors cloth table shelf rack drawer door button lever handle switch book drink housing "
    "battery chip"
)
_ARTICLES = _set("the a an this that these those its their his her")
_JOINS = _set("of for from with and")
_WORD = re.compile(r"[^\W\d_]+(?:[-'’][^\W\d_]+)*")


@dataclass(frozen=True)
class Linter:
    """Takes out what only eyes could tell. nouns: lower-case words for things; empty: they may stay."""

    nouns: frozenset[str]

    @classmethod
    def of(cls, vocabulary: Iterable[Entry], drop_objects: bool) -> Linter:
        """Knows the objects of this vocabulary besides those of `NOUNS`."""
        if not drop_objects:
            return cls(frozenset())
        typed = {word for entry in vocabulary for word in _words(entry.object)}
        return cls(NOUNS | (typed - _ARTICLES - _JOINS - COLOURS - MATERIALS - LOOKS - set(DIRECTIONS)))

    def clean(self, text: str, *, verb_first: bool) -> str:
        """The text in lower case without what eyes tell; a thing, with its article, is "the object", once in a row.

        verb_first: the first word says what is done, also where it could be a thing: "screw", "label", "plug".
        """
        kept: list[str] = []
        for place, word in enumerate(_words(one_line(text))):
            if word in COLOURS or word in MATERIALS or word in LOOKS:
                continue
            if word not in self.nouns or (verb_first and place == 0):
                kept.append(word)
                continue
            if kept[-2:] == _THE_OBJECT:
                continue
            while kept and kept[-1] in _ARTICLES:
                kept.pop()
            kept += _THE_OBJECT
        while kept and (kept[-1] in _ARTICLES or kept[-1] in _JOINS):
            kept.pop()
        return " ".join(kept)


def instruction(entry: Entry | None, cluster: int | None, linter: Linter) -> str:
    """One sentence in lower case for a primitive of this action, or of this cluster where it has none.

    By the template of the action's primitive of the taxonomy, with the directions people typed; without one, from verb
    and object; without those, from the name; and where nothing is left of it, "perform the motion".
    """
    if entry is None:
        return "perform the motion" if cluster is None else f"perform motion {cluster}"
    thing = linter.clean(entry.object, verb_first=False) or OBJECT
    if thing.split()[0] not in _ARTICLES:
        thing = f"the {thing}"
    if entry.primitive in TEMPLATES:
        template, hand = TEMPLATES[entry.primitive]
        directions = _directions(f"{entry.verb} {entry.name} {entry.description}")
        return " ".join(f"{template.format(object=thing, direction=directions)} {hand}".split())
    if verb := linter.clean(entry.verb, verb_first=True):
        directions = _directions(f"{entry.name} {entry.description}", besides=verb)
        return " ".join(f"{verb} {thing if entry.object else ''} {directions}".split())
    return linter.clean(entry.name, verb_first=True) or "perform the motion"


def _directions(text: str, besides: str = "") -> str:
    """The directions in a text, each once, in their order."""
    said = [DIRECTIONS[word] for word in _words(text) if word in DIRECTIONS]
    return " ".join(one for one in dict.fromkeys(said) if one not in besides)


def _words(text: str) -> list[str]:
    return [word.casefold() for word in _WORD.findall(text)]
