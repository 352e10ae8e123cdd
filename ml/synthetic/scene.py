"""The synthetic workstation: where everything stands, how hard the take is, and the cameras that look at it.

World: metres, x to the operator's right, y away from the operator, z up; the bench top is z = 0. A right arm takes
housings from the left tray, presses an insert into each and lays it in the right tray.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, Self

import numpy as np
import numpy.typing as npt

Vector = npt.NDArray[np.float64]
"""[3] metres, or [N, 3] where said."""

DIFFICULTIES = ("easy", "default", "hard")
VIEWS = ("front", "side")


@dataclass(frozen=True)
class SceneConfig:
    """One take. Every difficulty is a named parameter; `difficulty` has three sets of them."""

    seed: int = 0
    cycles: int = 7
    fps: int = 30
    width_px: int = 960
    height_px: int = 540
    views: tuple[str, ...] = VIEWS

    # how the operator moves
    speed: float = 1.1  # 2.2 halves every duration
    speed_variation: float = 0.12  # standard deviation of the logarithm of a primitive's duration
    path_variation_m: float = 0.015  # standard deviation of the bulge of a path and of where a reach ends
    order_variation: float = 0.08  # chance, per cycle and kind, to skip, swap or repeat a step
    pause_share: float = 0.5  # chance of standing still between two primitives that need not follow at once
    pause_s: tuple[float, float] = (0.1, 0.6)
    wait_s: tuple[float, float] = (0.8, 1.8)  # between cycles
    tremor_mm: float = 0.3  # the hand is never quite still

    # what the camera does
    noise_sigma: float = 2.0  # grey levels of 255, luma
    flicker: float = 0.01  # relative amplitude of the light
    flicker_hz: float = 1.7  # as seen by the camera, after aliasing with the mains
    shake_px: float = 0.0  # standard deviation of the camera's sway, at 960 px width

    # what else moves, and what stands in the way
    passers_by: int = 3
    lamp_hz: float = 0.5  # a signal lamp that blinks; 0 is off
    conveyor_m_s: float = 0.0  # boxes on a belt behind the bench; 0 is no belt
    occluders: int = 0  # 0..2 tools hanging between camera and bench

    def __post_init__(self) -> None:
        if self.cycles < 1 or self.fps < 1:
            raise ValueError("cycles and fps must be at least 1")
        if min(self.width_px, self.height_px) < 64 or self.width_px % 2 or self.height_px % 2:
            raise ValueError("width_px and height_px must be even and at least 64")
        if unknown := sorted(set(self.views) - set(VIEWS)):
            raise ValueError(f"unknown view {unknown[0]!r}, expected one of {VIEWS}")
        if self.speed <= 0 or not 0 <= self.occluders <= 2:
            raise ValueError("speed must be positive and occluders in 0..2")

    @classmethod
    def difficulty(cls, name: str, **changes: Any) -> Self:
        """The parameters of `easy`, `default` or `hard`, with `changes` on top."""
        match name:
            case "easy":
                scene = cls(
                    speed_variation=0.03,
                    path_variation_m=0.003,
                    order_variation=0.0,
                    pause_share=1.0,
                    pause_s=(0.4, 0.8),
                    tremor_mm=0.0,
                    noise_sigma=0.5,
                    flicker=0.0,
                    passers_by=0,
                    lamp_hz=0.0,
                )
            case "default":
                scene = cls()
            case "hard":
                scene = cls(
                    speed_variation=0.25,
                    path_variation_m=0.03,
                    order_variation=0.2,
                    pause_share=0.2,
                    pause_s=(0.05, 0.3),
                    wait_s=(0.3, 1.5),
                    tremor_mm=1.0,
                    noise_sigma=5.0,
                    flicker=0.04,
                    shake_px=0.6,
                    passers_by=8,
                    conveyor_m_s=0.12,
                    occluders=1,
                )
            case _:
                raise ValueError(f"unknown difficulty {name!r}, expected one of {DIFFICULTIES}")
        return replace(scene, **changes)


def vec(x: float, y: float, z: float) -> Vector:
    """A place or direction in the world, [3] float64, metres."""
    return np.array([x, y, z], dtype=np.float64)


LIGHT = vec(-0.38, -0.42, 1.0) / float(np.linalg.norm(vec(-0.38, -0.42, 1.0)))  # towards the lamp

# Bench and what stands on it
BENCH_X, BENCH_Y = (-0.80, 0.80), (0.0, 0.72)
HOUSING_SIZE = vec(0.070, 0.054, 0.040)
TRAY_COLUMNS, TRAY_ROWS, TRAY_PITCH = 4, 3, 0.092
TRAY_SIZE = vec(TRAY_COLUMNS * TRAY_PITCH + 0.02, TRAY_ROWS * TRAY_PITCH + 0.02, 0.012)
INPUT_TRAY, OUTPUT_TRAY = vec(-0.44, 0.36, 0.0), vec(0.42, 0.32, 0.0)

# The press, its lever and the carriage that runs under it
PRESS_X = 0.0
CARRIAGE_SIZE = vec(0.115, 0.105, 0.030)
CARRIAGE_OUT_Y, CARRIAGE_IN_Y = 0.19, 0.37
HANDLE = vec(0.0, -0.085, 0.062)  # top of the clamp's knob, from the carriage's position
RAM_UP_Z, RAM_DOWN_Z = 0.175, 0.074
LEVER_PIVOT, LEVER_LENGTH = vec(-0.088, 0.42, 0.30), 0.23
LEVER_UP, LEVER_DOWN = np.deg2rad(52.0), np.deg2rad(-22.0)

# The operator
HOME = vec(0.17, 0.10, 0.035)
SHOULDER = vec(0.30, -0.36, 0.33)
UPPER_ARM, FOREARM = 0.34, 0.30


def slot(tray: Vector, index: int) -> Vector:
    """Where the housing of slot `index` (0..11, back row first) of a tray stands: the middle of its underside."""
    row, column = divmod(index % (TRAY_COLUMNS * TRAY_ROWS), TRAY_COLUMNS)
    dx = (column - (TRAY_COLUMNS - 1) / 2) * TRAY_PITCH
    dy = ((TRAY_ROWS - 1) / 2 - row) * TRAY_PITCH
    return tray + vec(dx, dy, 0.006)


def lever_knob(angle: float) -> Vector:
    """Where the lever's knob is at `angle` over the horizontal, in radians."""
    return LEVER_PIVOT + LEVER_LENGTH * vec(0.0, -float(np.cos(angle)), float(np.sin(angle)))


def nest(carriage_y: float) -> Vector:
    """Where a housing stands in the carriage."""
    return vec(PRESS_X, carriage_y, CARRIAGE_SIZE[2])


def handle(carriage_y: float) -> Vector:
    """Where the press is gripped, [3] metres, its carriage at `carriage_y` metres."""
    return vec(PRESS_X, carriage_y, 0.0) + HANDLE


def rotation(yaw: float, tilt: float) -> npt.NDArray[np.float64]:
    """[3, 3]: a turn of `yaw` about the vertical after a `tilt` about the hand's own left-right axis."""
    cz, sz, cx, sx = np.cos(yaw), np.sin(yaw), np.cos(tilt), np.sin(tilt)
    turn = np.array([[cz, -sz, 0.0], [sz, cz, 0.0], [0.0, 0.0, 1.0]])
    lean = np.array([[1.0, 0.0, 0.0], [0.0, cx, -sx], [0.0, sx, cx]])
    both: npt.NDArray[np.float64] = turn @ lean
    return both


@dataclass(frozen=True)
class Camera:
    """A pinhole. `focal_px` in pixels of a picture of `width_px` x `height_px`."""

    position: Vector
    target: Vector
    focal_px: float
    width_px: int
    height_px: int
    upward_light: Vector = field(init=False, repr=False)  # where the lamp is in the picture, [2]
    _axes: npt.NDArray[np.float64] = field(init=False, repr=False)
    _centre: Vector = field(init=False, repr=False)

    def __post_init__(self) -> None:
        forward = self.target - self.position
        forward = forward / np.linalg.norm(forward)
        right = np.cross(forward, vec(0, 0, 1))
        right = right / np.linalg.norm(right)
        axes = np.stack([right, np.cross(forward, right), forward])
        object.__setattr__(self, "_axes", axes)
        object.__setattr__(self, "_centre", np.array([0.5 * self.width_px, 0.5 * self.height_px]))
        object.__setattr__(self, "upward_light", (axes @ LIGHT)[:2])

    @classmethod
    def of(cls, view: str, width_px: int, height_px: int) -> Self:
        """The camera of `front` (over the operator's shoulder) or `side` (from the left end of the bench)."""
        match view:
            case "front":
                position, target, fov_deg = vec(-0.06, -0.70, 0.80), vec(-0.005, 0.345, 0.115), 40.0
            case "side":
                position, target, fov_deg = vec(-1.16, -0.40, 0.62), vec(-0.02, 0.30, 0.115), 39.0
            case _:
                raise ValueError(f"unknown view {view!r}, expected one of {VIEWS}")
        focal_px = 0.5 * height_px / float(np.tan(np.deg2rad(fov_deg) / 2))
        return cls(position, target, focal_px, width_px, height_px)

    def project(self, points: Vector) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        """World points [N, 3] to pixels [N, 2] and distances along the optical axis [N], in metres."""
        local = (points - self.position) @ self._axes.T
        depth = np.maximum(local[:, 2], 0.1)
        pixels = local[:, :2] * (self.focal_px / depth)[:, None]
        return pixels + self._centre, depth
