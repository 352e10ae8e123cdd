"""The operator's right arm: joints from a pose, and how sleeve and glove are drawn."""

from __future__ import annotations

import math
from collections.abc import Callable

import cv2
import numpy as np

from ml.synthetic import paint, scene
from ml.synthetic.motion import GRIP, HAND, hand_rotation
from ml.synthetic.paint import Canvas, Capsule, Color, shade
from ml.synthetic.scene import Vector, vec

GLOVE: Color = (196, 192, 184)
COAT: Color = (74, 118, 222)  # rubber on the finger tips
CLOTH: Color = (112, 72, 46)
LEAN = vec(0.62, 0.22, 0.12)  # how far the shoulder goes with the hand

Held = tuple[Vector, Callable[[], None]]
"""Where the housing in the hand is, [3], and how to draw it."""


class Arm:
    """The arm in one pose: the joints of the limb, the palm and the fingers, [3] each."""

    def __init__(self, pose: Vector) -> None:
        hand = pose[HAND]
        self.hand, self.turn, self.grip = hand, hand_rotation(pose), float(pose[GRIP])
        self.wrist = self._local(0.012, -0.108, 0.070)
        self.shoulder = scene.SHOULDER + (hand - scene.HOME) * LEAN
        self.elbow = _elbow(self.shoulder, self._local(0.016, -0.145, 0.080))
        toward = (self.elbow - self.wrist) / float(np.linalg.norm(self.elbow - self.wrist))
        self.cuff = self.wrist + 0.036 * toward
        # wrist, index knuckle, little knuckle, ball of the thumb
        self.palm = np.stack(
            [
                self.wrist,
                self._local(0.004, -0.016, 0.068),
                self._local(0.044, -0.050, 0.056),
                self._local(-0.018, -0.068, 0.058),
            ]
        )

    def _local(self, x: float, y: float, z: float) -> Vector:
        point: Vector = self.hand + self.turn @ vec(x, y, z)
        return point

    def fingers(self) -> list[Capsule]:
        """Two bones a finger; four fingers right of the grasp, the thumb left of it."""
        spread = 0.010 + 0.028 * self.grip
        limbs = []
        for i in range(4):
            y = 0.020 - 0.016 * i
            knuckle = self._local(0.006 + 0.012 * i, -0.014 - 0.011 * i, 0.066 - 0.003 * i)
            joint = self._local(0.044 + spread * 0.6, y + 0.014, 0.046 - 0.002 * i)
            tip = self._local(0.027 + spread, y + 0.004, 0.002 + 0.002 * abs(i - 1))
            limbs += [Capsule(knuckle, joint, 0.0122, 0.0104), Capsule(joint, tip, 0.0104, 0.0084)]
        base, joint = self._local(-0.020, -0.064, 0.056), self._local(-0.044 - spread * 0.5, -0.022, 0.042)
        tip = self._local(-0.027 - spread, 0.006, 0.008)
        return [*limbs, Capsule(base, joint, 0.0155, 0.0124), Capsule(joint, tip, 0.0124, 0.0094)]

    def shadows(self, canvas: Canvas) -> list[Vector]:
        """The silhouettes, in pixels, of the shadows on the bench."""
        limbs = [Capsule(self.elbow, self.cuff, 0.05, 0.036), Capsule(self.cuff, self.palm[1], 0.03, 0.036)]
        shapes = []
        for limb in limbs + [f for f in self.fingers() if self.color(f) == COAT]:
            ends = paint.on_bench(np.stack([limb.a, limb.b]))
            shapes.append(canvas.capsule_outline(Capsule(ends[0], ends[1], limb.radius_a, limb.radius_b)))
        return shapes

    def color(self, limb: Capsule) -> Color:
        """Finger tips are coated, the rest is knit."""
        return COAT if limb.radius_b < 0.0100 else GLOVE


def _elbow(shoulder: Vector, wrist: Vector) -> Vector:
    """Two-bone inverse kinematics; the elbow points right and down. An arm too short is stretched."""
    way = wrist - shoulder
    distance = float(np.linalg.norm(way))
    along = way / distance
    stretch = max(1.0, distance / (0.985 * (scene.UPPER_ARM + scene.FOREARM)))
    upper, fore = scene.UPPER_ARM * stretch, scene.FOREARM * stretch
    a = (upper**2 - fore**2 + distance**2) / (2 * distance)
    hint = vec(0.75, -0.15, -0.65)
    side = hint - along * float(hint @ along)
    height = math.sqrt(max(0.0, upper**2 - a**2))
    elbow: Vector = shoulder + along * a + side / float(np.linalg.norm(side)) * height
    return elbow


class Operator:
    """Sleeves and glove; their textures are made once."""

    def __init__(self, rng: np.random.Generator) -> None:
        self.glove = paint.knit(rng, (150, 130), GLOVE)
        self.forearm = paint.cloth(rng, (260, 110), CLOTH, [(0.62, 0.74)])
        self.upper_arm = paint.cloth(rng, (260, 120), CLOTH, [(0.2, 0.3)])
        self.shoulder = paint.cloth(rng, (160, 130), CLOTH, [])
        self.torso = paint.cloth(rng, (300, 260), CLOTH, [(0.45, 0.55)])

    def draw(self, canvas: Canvas, arm: Arm, *, torso: bool, held: Held | None) -> None:
        """The operator, with the housing in the hand between the fingers that are behind it and those before it."""
        edge = shade(CLOTH, 0.45)
        neck, hip = arm.shoulder + vec(-0.17, -0.08, -0.02), vec(0.12, -0.46, -0.40)
        if torso:
            canvas.rim(Capsule(neck, hip, 0.145, 0.15), edge)
            canvas.sleeve(Capsule(neck, hip, 0.145, 0.15), self.torso)
            shoulder = Capsule(neck, arm.shoulder, 0.12, 0.075)
        else:
            shoulder = Capsule(arm.shoulder + vec(0.06, -0.16, -0.14), arm.shoulder, 0.10, 0.075)
        limbs = (
            (shoulder, self.shoulder), (Capsule(arm.shoulder, arm.elbow, 0.070, 0.054), self.upper_arm),
            (Capsule(arm.elbow, arm.cuff, 0.054, 0.038), self.forearm),
        )  # fmt: skip
        for limb, _ in limbs:
            canvas.rim(limb, edge)
        for limb, texture in limbs:
            canvas.sleeve(limb, texture)
        fingers = arm.fingers()
        eye = canvas.camera.position
        palm_depth = float(np.linalg.norm(arm.palm.mean(axis=0) - eye))
        fingers.sort(key=lambda limb: -float(np.linalg.norm(limb.middle - eye)))
        behind = [f for f in fingers if float(np.linalg.norm(f.middle - eye)) >= palm_depth]  # sorted, so the first
        for limb in behind:
            canvas.capsule(limb, arm.color(limb))
        if held is not None:
            position, draw_held = held
            draw_held()
            for limb in behind:  # the near finger holds the housing from outside
                if paint.before(limb.b, position + vec(0, 0, 0.02), scene.HOUSING_SIZE * 0.7, eye):
                    canvas.capsule(limb, arm.color(limb))
        canvas.capsule(Capsule(arm.cuff, arm.wrist, 0.031, 0.028), shade(COAT, 0.9))
        self._palm(canvas, arm)
        for limb in fingers[len(behind) :]:
            canvas.capsule(limb, arm.color(limb))

    def _palm(self, canvas: Canvas, arm: Arm) -> None:
        """The glove's back: the hull of wrist and knuckles, in the knit texture."""
        pixels, depth = canvas.camera.project(arm.palm)
        radii = np.array([0.028, 0.018, 0.016, 0.020]) * canvas.camera.focal_px / depth
        discs = (pixels[:, None] + radii[:, None, None] * paint.CIRCLE).reshape(-1, 2).astype(np.float32)
        hull: Vector = cv2.convexHull(discs)[:, 0].astype(np.float64)
        wrist, first, last = pixels[0], pixels[1], pixels[2]
        side = 0.65 * (last - first) + (last - first) / max(1.0, float(np.hypot(*(last - first)))) * radii[1]
        middle = 0.5 * (first + last)
        reach = middle - wrist
        reach = reach / max(1.0, float(np.hypot(*reach))) * radii[0]
        quad = np.array([middle + reach - side, middle + reach + side, wrist - reach + side, wrist - reach - side])
        canvas.texture(quad, self.glove, hull)
        canvas.outline(hull, shade(GLOVE, 0.5))
