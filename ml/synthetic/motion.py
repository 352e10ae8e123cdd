"""What happens in a take, exactly: the script of primitives and the pose of everything at any time.

Every primitive starts and ends at rest, and moves by the minimum-jerk polynomial 10u³ - 15u⁴ + 6u⁵, whose velocity
and acceleration are zero at both ends. So a boundary is a moment without motion, with a pause after it or without.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from ml.synthetic import scene
from ml.synthetic.scene import SceneConfig, Vector, vec

TAXONOMY = (
    "grasp", "place", "lift", "lower", "transport", "wrist_rotate", "reorient", "push", "pull", "press", "move",
    "rotate_free", "reorient_free", "wait",
)  # fmt: skip

# Columns of a pose
HAND, YAW, TILT, GRIP, LEVER, CARRIAGE, CLAMP = slice(0, 3), 3, 4, 5, 6, 7, 8
CHANNELS = 9

MIN_WAIT_S = 0.5  # standing still this long is the primitive `wait`; shorter is only a gap
GRIP_OPEN, GRIP_CLOSED, GRIP_RELAXED = 1.0, 0.0, 0.55
OVER = vec(0.0, 0.0, 0.05)  # metres; an empty hand moves over things
YAW_BEFORE_TURN = 0.85
YAW_WORK = 0.2  # radians; how the hand meets a housing


@dataclass(frozen=True)
class Primitive:
    """One entry of the truth: [start_s, end_s), a word of the taxonomy, and who does what to what."""

    start_s: float
    end_s: float
    label: str
    subject: str
    action: str
    object: str


@dataclass(frozen=True)
class Stroke:
    """The motion of one primitive from one resting pose to the next.

    windows: [CHANNELS, 2], the share of the stroke in which each channel moves; bulge: how far the path leaves the
    straight line half-way, metres; on_lever: the hand follows the lever's knob on its circle.
    """

    start_s: float
    end_s: float
    first: Vector
    last: Vector
    windows: Vector
    bulge: Vector
    on_lever: bool

    def pose(self, time_s: float) -> Vector:
        """[CHANNELS]; at rest, to the last bit, from `end_s` on."""
        if time_s >= self.end_s:
            return self.last.copy()
        u = (time_s - self.start_s) / (self.end_s - self.start_s)
        s = minimum_jerk((u - self.windows[:, 0]) / (self.windows[:, 1] - self.windows[:, 0]))
        pose: Vector = self.first + (self.last - self.first) * s
        if self.on_lever:
            pose[HAND] = scene.lever_knob(pose[LEVER])
        else:
            pose[HAND] += self.bulge * 16 * s[0] ** 2 * (1 - s[0]) ** 2
        return pose


@dataclass(frozen=True)
class Hold:
    """From `time_s` on, housing `part` is at rest where it is, in the hand, or in the carriage."""

    time_s: float
    part: int
    holder: Literal["rest", "hand", "carriage"]
    position: Vector  # where the housing is at `time_s`: the middle of its underside
    pose: Vector  # the pose at `time_s`


@dataclass(frozen=True)
class Take:
    """A planned take: the truth, and what a renderer needs to show it."""

    config: SceneConfig
    duration_s: float
    primitives: tuple[Primitive, ...]
    strokes: tuple[Stroke, ...]
    holds: tuple[tuple[Hold, ...], ...]  # per housing, in time
    pressed_s: tuple[float, ...]  # per housing, when its insert is in; inf if never

    @property
    def n_frames(self) -> int:
        """Frames of the film at the configuration's rate, the last one whole."""
        return math.ceil(self.duration_s * self.config.fps - 1e-9)

    @property
    def boundaries_s(self) -> list[float]:
        """The ends of the purposeful primitives: all but `wait`."""
        return [p.end_s for p in self.primitives if p.label != "wait" and p.end_s < self.duration_s]

    def pose(self, time_s: float) -> Vector:
        """[CHANNELS] at a time."""
        index = bisect_right(self.strokes, time_s, key=lambda stroke: stroke.start_s) - 1
        if index < 0:
            return self.strokes[0].first.copy()
        return self.strokes[index].pose(time_s)

    def poses(self, times_s: Sequence[float]) -> Vector:
        """[T, CHANNELS]."""
        return np.stack([self.pose(t) for t in times_s])

    def housing(self, part: int, time_s: float) -> tuple[Vector, Vector] | None:
        """Position [3] and rotation [3, 3] of a housing, or None while it is not on the bench."""
        index = bisect_right(self.holds[part], time_s, key=lambda hold: hold.time_s) - 1
        if index < 0:
            return None
        hold, pose = self.holds[part][index], self.pose(time_s)
        match hold.holder:
            case "hand":
                turn = hand_rotation(pose) @ hand_rotation(hold.pose).T
                return pose[HAND] + turn @ (hold.position - hold.pose[HAND]), turn
            case "carriage":
                return hold.position + vec(0.0, pose[CARRIAGE] - hold.pose[CARRIAGE], 0.0), np.eye(3)
            case "rest":
                return (hold.position, np.eye(3)) if np.isfinite(hold.position).all() else None

    def held(self, time_s: float) -> int | None:
        """The housing in the hand."""
        return next((part for part, holder in self._holders(time_s) if holder == "hand"), None)

    def carried(self, time_s: float) -> int | None:
        """The housing in the carriage."""
        return next((part for part, holder in self._holders(time_s) if holder == "carriage"), None)

    def resting(self, time_s: float) -> list[int]:
        """The housings in the trays."""
        return [part for part, holder in self._holders(time_s) if holder == "rest"]

    def _holders(self, time_s: float) -> Iterator[tuple[int, str]]:
        for part, holds in enumerate(self.holds):
            index = bisect_right(holds, time_s, key=lambda hold: hold.time_s) - 1
            if index >= 0 and np.isfinite(holds[index].position[0]):
                yield part, holds[index].holder


def minimum_jerk(u: Vector) -> Vector:
    """10u³ - 15u⁴ + 6u⁵, with u held within 0..1."""
    u = np.clip(u, 0.0, 1.0)
    s: Vector = u * u * u * (10.0 + u * (6.0 * u - 15.0))
    return s


def hand_rotation(pose: Vector) -> Vector:
    """[3, 3]: how the hand of a pose is turned."""
    return scene.rotation(float(pose[YAW]), float(pose[TILT]))


def plan(config: SceneConfig) -> Take:
    """The take of a configuration. Same configuration, same take; the views and the picture's size change nothing."""
    operator = _Operator(config)
    operator.wait(operator.between(*config.wait_s), "next cycle")
    for cycle in range(config.cycles):
        operator.cycle(cycle)
    return operator.take()


class _Operator:
    """Writes the script: keeps the pose and the clock, appends one stroke and one primitive at a time."""

    def __init__(self, config: SceneConfig) -> None:
        self.config = config
        self.rng = np.random.default_rng([config.seed, 1])
        self.now_s = 0.0
        self.pose: Vector = np.zeros(CHANNELS)
        self.pose[HAND] = scene.HOME
        self.pose[[YAW, GRIP, LEVER, CARRIAGE]] = YAW_WORK, GRIP_RELAXED, scene.LEVER_UP, scene.CARRIAGE_OUT_Y
        self.primitives: list[Primitive] = []
        self.strokes: list[Stroke] = []
        self.batch = scene.TRAY_COLUMNS * scene.TRAY_ROWS
        self.holds: list[list[Hold]] = [[] for _ in range(math.ceil(config.cycles / self.batch) * self.batch)]
        self.pressed_s = [math.inf] * len(self.holds)

    def take(self) -> Take:
        duration_s = self.now_s
        return Take(
            self.config, duration_s, tuple(self.primitives), tuple(self.strokes),
            tuple(tuple(holds) for holds in self.holds), tuple(self.pressed_s),
        )  # fmt: skip

    # -- one cycle -----------------------------------------------------------------------------------------------

    def cycle(self, cycle: int) -> None:
        """Housing from the left tray into the carriage, clamp, push, press, pull, inspect, into the right tray."""
        skip_clamp, skip_inspection, press_twice, clamp_late = self.rng.random(4) < self.config.order_variation
        if cycle % self.batch == 0:
            self.exchange_trays(cycle)
        self.load(cycle)
        yaw = YAW_WORK if skip_clamp else YAW_BEFORE_TURN
        self.go(self.grip_on_handle(), "reach for", "clamp", grip=GRIP_RELAXED, yaw=yaw)
        if not skip_clamp and not clamp_late:
            self.turn_clamp("tighten", 1.15)
        self.slide(scene.CARRIAGE_IN_Y, "push", "push")
        if clamp_late and not skip_clamp:
            self.turn_clamp("tighten", 1.15)
        round_head = vec(-0.05, -0.16, 0.0)  # the way to the lever and back leads round the press's head
        self.go(scene.lever_knob(scene.LEVER_UP), "reach for", "lever", grip=0.35, bulge=round_head)
        for _ in range(2 if press_twice else 1):
            self.press(cycle)
        self.go(self.grip_on_handle(), "reach for", "carriage", grip=GRIP_RELAXED, bulge=round_head)
        self.slide(scene.CARRIAGE_OUT_Y, "pull", "pull")
        self.unload(cycle, inspect=not skip_inspection)
        self.go(scene.HOME, "return", "hand", grip=GRIP_RELAXED, pause=False)
        self.wait(self.between(*self.config.wait_s), "next cycle")

    def load(self, part: int) -> None:
        at = scene.slot(scene.INPUT_TRAY, part % self.batch)
        self.go(at + vec(0, 0, 0.13), "reach for", "housing", grip=GRIP_OPEN)
        self.grasp(part, at)
        self.stroke("lift", "lift", "housing", hand=at + vec(0, 0, 0.15), pause=False)
        above = scene.nest(self.pose[CARRIAGE]) + vec(0, 0, 0.13)
        self.stroke("transport", "transport", "housing", hand=above, bulge=vec(0, -0.03, 0.04))
        self.put(part, scene.nest(self.pose[CARRIAGE]), "carriage", "place")

    def press(self, part: int) -> None:
        self.stroke("press", "press", "lever", lever=scene.LEVER_DOWN, on_lever=True, seconds=0.8, grip=0.2)
        self.pressed_s[part] = min(self.pressed_s[part], self.now_s)
        self.pause()
        self.stroke("lift", "raise", "lever", lever=scene.LEVER_UP, on_lever=True, seconds=0.75)

    def unload(self, part: int, *, inspect: bool) -> None:
        at = scene.nest(self.pose[CARRIAGE])
        self.go(at + vec(0, 0, 0.12), "reach for", "housing", grip=GRIP_OPEN)
        self.grasp(part, at)
        if inspect:
            eye = vec(0.02, 0.10, 0.26) + self.scatter()
            self.stroke("reorient", "inspect", "housing", hand=eye, yaw=0.75, tilt=-0.85, seconds=1.1)
            self.wait(self.between(0.5, 0.9), "inspection")
        else:
            self.stroke("lift", "lift", "housing", hand=at + vec(0, 0, 0.15), pause=False)
        to = scene.slot(scene.OUTPUT_TRAY, part % self.batch)
        self.stroke("transport", "transport", "housing", hand=to + vec(0, 0, 0.13), yaw=YAW_WORK, tilt=0.0, bulge=OVER)
        self.put(part, to, "rest", "lay down")

    def exchange_trays(self, first: int) -> None:
        """A full left tray and an empty right one; after the first batch this happens as the hand starts moving."""
        gone = np.full(3, np.nan)
        for part in range(max(0, first - self.batch), first):
            self.holds[part].append(Hold(self.now_s, part, "rest", gone, self.pose.copy()))
        for part in range(first, first + self.batch):
            at = scene.slot(scene.INPUT_TRAY, part % self.batch)
            self.holds[part].append(Hold(self.now_s, part, "rest", at, self.pose.copy()))

    # -- primitives ----------------------------------------------------------------------------------------------

    def go(
        self,
        to: Vector,
        action: str,
        object: str,
        *,
        grip: float,
        yaw: float = YAW_WORK,
        bulge: Vector = OVER,
        pause: bool = True,
    ) -> None:
        """The empty hand goes somewhere."""
        self.stroke("move", action, object, hand=to, grip=grip, yaw=yaw, bulge=bulge, pause=pause)

    def grip_on_handle(self) -> Vector:
        return scene.handle(float(self.pose[CARRIAGE])) + vec(0, 0, 0.012)

    def grasp(self, part: int, at: Vector) -> None:
        middle = at + vec(0, 0, 0.5 * scene.HOUSING_SIZE[2])
        windows = {"hand": (0.0, 0.65), "grip": (0.5, 1.0)}
        self.stroke(
            "grasp", "grasp", "housing", hand=middle, grip=GRIP_CLOSED, windows=windows, seconds=0.65, straight=True
        )
        self.holds[part].append(Hold(self.strokes[-1].end_s, part, "hand", at, self.pose.copy()))

    def put(self, part: int, at: Vector, holder: Literal["rest", "carriage"], action: str) -> None:
        middle = at + vec(0, 0, 0.5 * scene.HOUSING_SIZE[2])
        windows = {"hand": (0.0, 0.65), "grip": (0.65, 1.0)}
        self.stroke("place", action, "housing", hand=middle, grip=0.8, windows=windows, seconds=0.75, straight=True)
        stroke = self.strokes[-1]
        released_s = stroke.start_s + 0.65 * (stroke.end_s - stroke.start_s)
        self.holds[part].append(Hold(released_s, part, holder, at, self.pose.copy()))

    def turn_clamp(self, action: str, angle: float) -> None:
        yaw, clamp = self.pose[YAW] - angle, self.pose[CLAMP] - angle
        self.stroke("wrist_rotate", action, "clamp", yaw=yaw, clamp=clamp, grip=0.3, seconds=0.8)

    def slide(self, carriage_y: float, label: str, action: str) -> None:
        hand = self.grip_on_handle() + vec(0, carriage_y - self.pose[CARRIAGE], 0)
        self.stroke(label, action, "carriage", hand=hand, carriage=carriage_y, grip=0.3, seconds=0.8, straight=True)

    def wait(self, seconds: float, object: str) -> None:
        """Nothing moves. Long enough, it is a primitive of its own."""
        if seconds >= MIN_WAIT_S:
            self.primitives.append(Primitive(self.now_s, self.now_s + seconds, "wait", "right hand", "wait", object))
        self.now_s += seconds

    def pause(self) -> None:
        if self.rng.random() < self.config.pause_share:
            self.wait(self.between(*self.config.pause_s), "next step")

    def between(self, low: float, high: float) -> float:
        return float(self.rng.uniform(low, high))

    def scatter(self) -> Vector:
        return self.rng.normal(0.0, self.config.path_variation_m, 3)

    def stroke(
        self, label: str, action: str, object: str, *, hand: Vector | None = None, bulge: Vector | None = None,
        yaw: float | None = None, tilt: float | None = None, grip: float | None = None, lever: float | None = None,
        carriage: float | None = None, clamp: float | None = None, seconds: float | None = None,
        windows: dict[str, tuple[float, float]] | None = None, on_lever: bool = False, straight: bool = False,
        pause: bool = True,
    ) -> None:  # fmt: skip
        """Append a primitive that ends in a pose which differs from the present one in what is given."""
        last = self.pose.copy()
        if hand is not None:
            last[HAND] = hand
        given = {YAW: yaw, TILT: tilt, GRIP: grip, LEVER: lever, CARRIAGE: carriage, CLAMP: clamp}
        for column, value in given.items():
            if value is not None:
                last[column] = value
        if on_lever:
            last[HAND] = scene.lever_knob(last[LEVER])
        if seconds is None:
            seconds = 0.40 + 0.70 * float(np.linalg.norm(last[HAND] - self.pose[HAND]))
        haste = np.clip(self.rng.normal(), -2.5, 2.5) * self.config.speed_variation
        seconds = seconds * math.exp(haste) / self.config.speed
        shares = np.tile([0.0, 1.0], (CHANNELS, 1))
        for name, share in (windows or {}).items():
            shares[HAND if name == "hand" else GRIP] = share
        scatter = self.scatter()
        way = np.zeros(3) if straight else (bulge if bulge is not None else np.zeros(3)) + scatter * vec(1, 1, 0.5)
        end_s = self.now_s + seconds
        self.strokes.append(Stroke(self.now_s, end_s, self.pose, last, shares, way, on_lever))
        self.primitives.append(Primitive(self.now_s, end_s, label, "right hand", action, object))
        self.pose, self.now_s = last, end_s
        if pause:
            self.pause()
