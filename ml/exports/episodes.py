"""Primitives laid out as episodes of frames: one frame for every code."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from ml.artefacts import Codes, Float, Seconds
from ml.exports.dataset import Dataset, Primitive, Source
from ml.exports.options import LerobotOptions
from ml.exports.text import one_line

Slots = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Episode:
    """T frames of one source. Frame i is what is seen when step i begins, and its code is the motion until the next.

    codes: [T]; slots: [T], increasing: of the frame in the source, see `ml.video.frames`; times_s: [T] when the step
    begins, in the source; part: [T] which of `primitives` each frame is of; subtasks: what each of those is called.
    state, action: a robot's series, [T, …], where every primitive of the dataset has one.
    """

    source: Source
    primitives: tuple[Primitive, ...]
    task: str
    subtasks: tuple[str, ...]
    cycle: int | None  # counted in its source from 1; 0: what comes before the first; None: a primitive of its own
    codes: Codes
    slots: Slots
    times_s: Seconds
    part: npt.NDArray[np.int64]
    state: Float | None = None
    action: Float | None = None

    def __len__(self) -> int:
        return len(self.codes)


def episodes_of(
    dataset: Dataset, source: Source, primitives: Sequence[Primitive], options: LerobotOptions
) -> Iterator[Episode]:
    """The episodes of one source, in order of start. Primitives without a single step are in none of them.

    A primitive each, or a cycle each. A cycle begins with every primitive of `cycle_action` and lasts until the next
    one begins; what comes before the first is cycle 0; without `cycle_action` all of the source is cycle 1. Inside a
    cycle the pauses between primitives are left out, since they have no codes, and where two primitives overlap the
    earlier one keeps the steps: so `times_s` may jump forward and never goes back.
    """
    robot = robot_widths(dataset)
    if options.episode == "primitive":
        for one in primitives:
            if len(one.codes):
                text = text_of(dataset, one)
                yield _episode(dataset, source, [one], text, None, robot)
        return
    task = one_line(options.task) or one_line(f"One cycle of work: {dataset.name}")
    free_from = -1
    for number, cycle in _cycles(primitives, options.cycle_action):
        kept = []
        for one in cycle:
            free = _slots(dataset, one) >= free_from
            if free.any():
                kept.append(_only(one, free))
                free_from = int(_slots(dataset, one)[-1]) + 1
        if kept:
            yield _episode(dataset, source, kept, task, number, robot)


def text_of(dataset: Dataset, primitive: Primitive) -> str:
    """What a primitive is called in one line: its action's name."""
    return one_line(dataset.label_of(primitive)) or "unnamed"


def robot_widths(dataset: Dataset) -> tuple[int | None, int | None]:
    """Columns of a robot's state and of its action, where every primitive has one and all are of one width."""
    states = {None if one.robot_state is None else one.robot_state.shape[1] for one in dataset.primitives}
    actions = {None if one.robot_action is None else one.robot_action.shape[1] for one in dataset.primitives}
    return states.pop() if len(states) == 1 else None, actions.pop() if len(actions) == 1 else None


def _cycles(primitives: Sequence[Primitive], action: int | None) -> Iterator[tuple[int, list[Primitive]]]:
    number, cycle = 1 if action is None else 0, list[Primitive]()
    for one in primitives:
        if action is not None and one.action == action:
            if cycle:
                yield number, cycle
            number, cycle = number + 1, []
        cycle.append(one)
    if cycle:
        yield number, cycle


def _slots(dataset: Dataset, primitive: Primitive) -> Slots:
    """The slot of the frame each step begins with: the one before the frame it ends with."""
    ends = (primitive.times_s * dataset.fps + 0.5 + 1e-6).astype(np.int64)  # as `ml.video.sampled` counts
    return np.maximum(ends - 1, 0)


def _only(primitive: Primitive, kept: npt.NDArray[np.bool_]) -> Primitive:
    if kept.all():
        return primitive
    state, action = primitive.robot_state, primitive.robot_action
    return replace(
        primitive,
        codes=primitive.codes[kept],
        times_s=primitive.times_s[kept],
        robot_state=None if state is None else state[kept],
        robot_action=None if action is None else action[kept],
    )


def _episode(
    dataset: Dataset,
    source: Source,
    primitives: Sequence[Primitive],
    task: str,
    cycle: int | None,
    robot: tuple[int | None, int | None],
) -> Episode:
    slots = np.concatenate([_slots(dataset, one) for one in primitives])
    if (np.diff(slots) <= 0).any():
        raise ValueError(f"two steps of primitives {[one.id for one in primitives]} begin with one frame")
    ends_s = np.concatenate([one.times_s for one in primitives])
    begins_s = ends_s - 1 / dataset.fps
    follows = np.flatnonzero(np.diff(slots) == 1) + 1
    begins_s[follows] = ends_s[follows - 1]  # pictures come when the camera took them
    states = [one.robot_state for one in primitives if one.robot_state is not None]
    actions = [one.robot_action for one in primitives if one.robot_action is not None]
    return Episode(
        source=source,
        primitives=tuple(primitives),
        task=task,
        subtasks=tuple(text_of(dataset, one) for one in primitives),
        cycle=cycle,
        codes=np.concatenate([one.codes for one in primitives]),
        slots=slots,
        times_s=begins_s,
        part=np.repeat(np.arange(len(primitives)), [len(one.codes) for one in primitives]),
        state=np.concatenate(states) if robot[0] is not None else None,
        action=np.concatenate(actions) if robot[1] is not None else None,
    )
