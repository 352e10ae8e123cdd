"""Annotations of ELAN (.eaf): tiers of labels between time slots in milliseconds."""

from __future__ import annotations

from collections.abc import Iterator
from xml.etree import ElementTree

from ml.annotations.fields import Malformed, annotation_of, number_of
from ml.annotations.model import Annotation

TIERS = ("action", "actions", "primitive", "primitives", "segments")
"""Of several tiers the one with such a name, in any case, is read."""


def read_elan(video: str, text: str, tier: str | None = None) -> Annotation:
    """The annotations of one tier, in seconds of the first linked video.

    tier: its name; if not given, the only one with annotations, or the one named as in `TIERS`. Annotations without
    times of their own, and those that refer to others', are left out. Raises Malformed.
    """
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise Malformed("it declares entities, which no file of ELAN does")
    try:
        root = ElementTree.fromstring(text)
    except ElementTree.ParseError as error:
        raise Malformed("it is not XML") from error
    if root.tag != "ANNOTATION_DOCUMENT":
        raise Malformed("it is no document of ELAN")
    slots = {slot.get("TIME_SLOT_ID"): slot.get("TIME_VALUE") for slot in root.iter("TIME_SLOT")}
    header, media = root.find("HEADER"), root.find("HEADER/MEDIA_DESCRIPTOR")
    if header is not None and header.get("TIME_UNITS", "milliseconds") != "milliseconds":
        raise Malformed(f"its times are in {header.get('TIME_UNITS')}, not in milliseconds")
    origin_s = 0.0 if media is None else _milliseconds(media.get("TIME_ORIGIN", "0"))  # where its second 0 lies
    tiers = {str(one.get("TIER_ID")): list(_rows(one, slots, origin_s)) for one in root.iter("TIER")}
    return annotation_of(video, None, tiers[_chosen(tiers, tier)])


def _rows(
    tier: ElementTree.Element, slots: dict[str | None, str | None], origin_s: float
) -> Iterator[dict[str, object]]:
    for one in tier.iter("ALIGNABLE_ANNOTATION"):
        start, end = slots.get(one.get("TIME_SLOT_REF1")), slots.get(one.get("TIME_SLOT_REF2"))
        if start is None or end is None:
            continue
        label = (one.findtext("ANNOTATION_VALUE") or "").strip()
        yield {"start": _milliseconds(start) + origin_s, "end": _milliseconds(end) + origin_s, "label": label}


def _chosen(tiers: dict[str, list[dict[str, object]]], wanted: str | None) -> str:
    names = [name for name, rows in tiers.items() if rows]
    if wanted is not None:
        if wanted not in tiers:
            raise Malformed(f"it has no tier {wanted!r}, but {_listed(names)}")
        return wanted
    if not names:
        raise Malformed("no tier has annotations with times")
    likely = names if len(names) == 1 else [name for name in names if name.casefold() in TIERS]
    if len(likely) != 1:
        raise Malformed(f"it has the tiers {_listed(names)}: say which one")
    return likely[0]


def _listed(names: list[str]) -> str:
    return ", ".join(repr(name) for name in names) or "none with annotations"


def _milliseconds(text: str) -> float:
    try:
        return number_of(int(text), "a time") / 1000
    except ValueError as error:
        raise Malformed(f"{text[:40]!r} is no time in milliseconds") from error
