"""The things of the scene: each draws itself on a canvas, the still ones once, the moving ones in every frame."""

from __future__ import annotations

import math

import cv2
import numpy as np

from ml.synthetic import paint, scene
from ml.synthetic.paint import Canvas, Capsule, Color, Image, shade
from ml.synthetic.scene import Vector, vec

STEEL: Color = (150, 146, 140)
PAINT: Color = (104, 132, 66)  # the press, a machine green
DARK: Color = (66, 62, 58)
RED: Color = (48, 52, 205)
CARTONS: tuple[Color, ...] = (
    (88, 132, 172), (150, 110, 72), (84, 88, 176), (160, 164, 160), (104, 140, 108),
)  # fmt: skip
COATS: tuple[Color, ...] = ((92, 84, 150), (150, 122, 84), (84, 128, 112), (110, 108, 104))
AISLE_M = 3.9  # people walk from -AISLE_M to AISLE_M along x, where the room ends in a doorway
HEAD, HEAD_SIZE = vec(0.0, 0.43, 0.31), vec(0.14, 0.30, 0.10)  # of the press


def room(canvas: Canvas, rng: np.random.Generator, *, belt: bool) -> None:
    """Floor, wall, shelves with boxes, a window; it is blurred afterwards."""
    canvas.picture[:] = (196, 200, 196)
    far, left, right = 2.4, -4.0, 4.0
    canvas.polygon(
        np.array([[left, -2, -0.9], [left, far, -0.9], [right, far, -0.9], [right, -2, -0.9]]), (140, 146, 146)
    )
    for y in (1.05, 1.95):
        canvas.polygon(_floor(left, right, y, y + 0.06), (90, 196, 224))
    canvas.polygon(_wall(left, right, far, -0.9, 2.0), (206, 210, 204))
    canvas.polygon(_wall(left, right, far, -0.9, -0.55), (150, 160, 150))
    canvas.polygon(np.array([[4.0, -2, 2], [4.0, far, 2], [4.0, far, -0.9], [4.0, -2, -0.9]]), (186, 192, 186))
    door = np.array([[3.99, 2.05, 1.2], [3.99, 1.05, 1.2], [3.99, 1.05, -0.9], [3.99, 2.05, -0.9]])
    canvas.polygon(door, (96, 98, 96), (130, 130, 126))
    for y, sky in ((-1.5, (232, 226, 212)), (-0.25, (236, 230, 216))):  # a window in the right wall
        frame = np.array([[3.98, y + 1.1, 1.4], [3.98, y, 1.4], [3.98, y, 0.35], [3.98, y + 1.1, 0.35]])
        canvas.polygon(frame, sky, (120, 120, 116))
        canvas.stroke(frame[[0, 3]], (130, 130, 126), 0.05)
        canvas.stroke(frame[[2, 3]], (130, 130, 126), 0.07)
    for x0 in (-2.6, -0.9, 1.0, 2.7):
        for z in (-0.78, -0.38, 0.02, 0.42):
            canvas.box(vec(x0, 2.2, z), vec(1.5, 0.36, 0.03), (120, 116, 112))
            x = x0 - 0.68
            while x < x0 + 0.6:
                w, h = float(rng.uniform(0.16, 0.3)), float(rng.uniform(0.14, 0.28))
                color: Color = [(88, 132, 172), (150, 110, 72), (84, 88, 176), (160, 164, 160), (104, 140, 108)][
                    rng.integers(5)
                ]
                if rng.random() < 0.85:
                    canvas.box(vec(x + w / 2, 2.15, z + 0.015 + h / 2), vec(w, 0.28, h), color)
                x += w + 0.02
        for dx in (-0.74, 0.74):
            canvas.box(vec(x0 + dx, 2.2, -0.1), vec(0.04, 0.38, 1.6), (104, 100, 96))
    if belt:
        canvas.box(vec(0.0, 0.98, -0.02), vec(4.4, 0.34, 0.12), (96, 92, 90))
        canvas.box(vec(0.0, 0.80, 0.03), vec(4.4, 0.02, 0.05), (70, 170, 214))


def _floor(x0: float, x1: float, y0: float, y1: float) -> Vector:
    return np.array([[x0, y0, -0.9], [x0, y1, -0.9], [x1, y1, -0.9], [x1, y0, -0.9]])


def _wall(x0: float, x1: float, y: float, z0: float, z1: float) -> Vector:
    return np.array([[x0, y, z1], [x1, y, z1], [x1, y, z0], [x0, y, z0]])


def _recess(half: Vector) -> Vector:
    """The corners of a rectangle of half sizes `half`, lying flat around the origin, [4, 3]."""
    x, y = float(half[0]), float(half[1])
    return np.array([[-x, y, 0], [x, y, 0], [x, -y, 0], [-x, -y, 0]])


def bench(canvas: Canvas, rng: np.random.Generator) -> None:
    """Legs and planked top; the grain is drawn from `rng`."""
    (x0, x1), (y0, y1) = scene.BENCH_X, scene.BENCH_Y
    for x in (x0 + 0.06, x1 - 0.06):
        for y in (y1 - 0.06, y0 + 0.06):
            canvas.box(vec(x, y, -0.47), vec(0.06, 0.06, 0.86), (120, 118, 114))
    top = vec((x0 + x1) / 2, (y0 + y1) / 2, -0.02)
    planks = paint.wood(rng, (720, 1600))
    canvas.box(top, vec(x1 - x0, y1 - y0, 0.04), (112, 150, 184), textures={"top": planks})
    m = np.array([[-0.66, 0.56, 0], [0.66, 0.56, 0], [0.66, 0.045, 0], [-0.66, 0.045, 0]])
    canvas.textured(m, paint.mat(rng, (515, 1320)))
    _still_shadows(canvas)
    for tray, color in ((scene.INPUT_TRAY, (150, 116, 70)), (scene.OUTPUT_TRAY, (96, 140, 92))):
        _tray(canvas, tray, color)
    colors: list[Color] = [(176, 104, 50), (56, 60, 190), (60, 176, 220), (110, 150, 84)]
    for i in range(12):  # small-part bins along the back
        x = x0 + 0.10 + 0.122 * i
        if abs(x - scene.PRESS_X) > 0.13 and x < 0.64:
            _bin(canvas, rng, vec(x, 0.64, 0.0), colors[(i * 5) % 4])
    canvas.box(vec(0.70, 0.62, 0.01), vec(0.07, 0.07, 0.02), DARK)
    canvas.rod(vec(0.70, 0.62, 0.02), vec(0.70, 0.62, 0.27), 0.008, STEEL)
    # the press stands still but for its ram, its lever and, drawn in every frame, its head
    canvas.box(vec(0.0, 0.39, 0.004), vec(0.24, 0.50, 0.008), STEEL)
    for dx in (-0.045, 0.045):
        canvas.box(vec(dx, 0.29, 0.011), vec(0.014, 0.34, 0.010), (176, 172, 166))
    canvas.box(vec(0.0, 0.53, 0.15), vec(0.13, 0.09, 0.30), PAINT)
    canvas.box(vec(0.60, 0.16, 0.012), vec(0.06, 0.10, 0.024), (60, 64, 70))  # a push-button box
    canvas.ball(vec(0.60, 0.185, 0.03), 0.013, (70, 160, 70))
    canvas.ball(vec(0.60, 0.135, 0.03), 0.013, RED)
    page = np.array([[-0.64, 0.165, 0.001], [-0.45, 0.165, 0.001], [-0.45, 0.055, 0.001], [-0.64, 0.055, 0.001]])
    canvas.textured(page, _instruction(rng))


def _instruction(rng: np.random.Generator) -> Image:
    """A work instruction sheet."""
    sheet = np.full((220, 380, 3), (238, 242, 243), np.uint8)
    cv2.rectangle(sheet, (0, 0), (380, 40), (150, 96, 40), -1)
    cv2.putText(sheet, "WORK INSTRUCTION", (12, 28), cv2.FONT_HERSHEY_DUPLEX, 0.75, (255, 255, 255), 1, cv2.LINE_AA)
    for i in range(7):
        cv2.line(sheet, (14, 66 + 22 * i), (int(rng.uniform(130, 200)), 66 + 22 * i), (120, 120, 120), 4, cv2.LINE_AA)
    cv2.rectangle(sheet, (226, 60), (362, 200), (200, 196, 186), -1)
    cv2.circle(sheet, (294, 130), 44, (120, 104, 84), 6, cv2.LINE_AA)
    return sheet


def _still_shadows(canvas: Canvas) -> None:
    """Soft contact shadows of what stands on the bench."""
    h, w = canvas.picture.shape[:2]
    shadow = np.zeros((h, w), np.uint8)
    solids = [
        (scene.INPUT_TRAY + vec(0, 0, 0.006), scene.TRAY_SIZE), (scene.OUTPUT_TRAY + vec(0, 0, 0.006), scene.TRAY_SIZE),
        (vec(0, 0.53, 0.15), vec(0.13, 0.09, 0.30)), (vec(0, 0.43, 0.31), vec(0.14, 0.30, 0.10)),
        (vec(0, 0.39, 0.004), vec(0.25, 0.51, 0.01)), (vec(-0.08, 0.65, 0.04), vec(1.26, 0.10, 0.07)),
        (vec(0.60, 0.16, 0.012), vec(0.06, 0.10, 0.024)), (vec(0.70, 0.62, 0.2), vec(0.03, 0.03, 0.40)),
    ]  # fmt: skip
    for center, size in solids:
        pixels, _ = canvas.camera.project(paint.on_bench(center + paint.BOX_CORNERS * size))
        cv2.fillConvexPoly(shadow, cv2.convexHull(pixels.astype(np.float32))[:, 0].astype(np.int32), 255)
    soft = cv2.GaussianBlur(shadow, (0, 0), h / 130).astype(np.float32) * (0.4 / 255)
    bench = np.zeros((h, w), np.uint8)
    (x0, x1), (y0, y1) = scene.BENCH_X, scene.BENCH_Y
    top, _ = canvas.camera.project(np.array([[x0, y0, 0], [x1, y0, 0], [x1, y1, 0], [x0, y1, 0]]))
    cv2.fillConvexPoly(bench, top.astype(np.int32), 1)
    canvas.picture[:] = (canvas.picture * (1 - soft * bench)[..., None]).astype(np.uint8)


def _tray(canvas: Canvas, tray: Vector, color: Color) -> None:
    canvas.box(tray + vec(0, 0, 0.5 * scene.TRAY_SIZE[2] - 0.003), scene.TRAY_SIZE - vec(0, 0, 0.006), color)
    for i in range(scene.TRAY_COLUMNS * scene.TRAY_ROWS):
        at, half = scene.slot(tray, i), 0.5 * scene.HOUSING_SIZE + vec(0.006, 0.006, 0)
        corners = np.array(
            [[-half[0], half[1], 0], [half[0], half[1], 0], [half[0], -half[1], 0], [-half[0], -half[1], 0]]
        )
        canvas.polygon(at + corners, shade(color, 0.72), shade(color, 0.55))


def _bin(canvas: Canvas, rng: np.random.Generator, at: Vector, color: Color) -> None:
    """An open bin with small parts in it."""
    canvas.box(at + vec(0, 0.03, 0.045), vec(0.11, 0.04, 0.09), shade(color, 0.8))
    canvas.box(at + vec(0, -0.015, 0.022), vec(0.11, 0.07, 0.044), color)
    for _ in range(26):
        spot = at + vec(float(rng.uniform(-0.043, 0.043)), float(rng.uniform(-0.042, 0.006)), 0.047)
        grey = float(rng.uniform(90, 200))
        canvas.disc(spot, float(rng.uniform(0.003, 0.006)), (grey, grey, grey * 0.95))


def press_head(canvas: Canvas, lever: float) -> None:
    """Ram and head; the ram follows the lever."""
    down = (scene.LEVER_UP - lever) / (scene.LEVER_UP - scene.LEVER_DOWN)
    tip = scene.RAM_UP_Z + (scene.RAM_DOWN_Z - scene.RAM_UP_Z) * down
    at = vec(scene.PRESS_X, scene.CARRIAGE_IN_Y, 0)
    canvas.rod(at + vec(0, 0, 0.27), at + vec(0, 0, tip + 0.03), 0.016, (186, 182, 176))
    canvas.rod(at + vec(0, 0, tip + 0.034), at + vec(0, 0, tip + 0.012), 0.022, (120, 116, 110))
    canvas.box(HEAD, HEAD_SIZE, PAINT)
    plate = np.array([[-0.045, 0.279, 0.335], [0.045, 0.279, 0.335], [0.045, 0.279, 0.285], [-0.045, 0.279, 0.285]])
    if canvas.camera.position[1] < 0.28:
        canvas.polygon(plate, (70, 196, 232), (40, 110, 130))


def lever(canvas: Canvas, angle: float) -> None:
    """The lever at `angle`, radians."""
    knob = scene.lever_knob(angle)
    canvas.rod(scene.LEVER_PIVOT, knob, 0.010, (196, 192, 186))
    canvas.ball(scene.LEVER_PIVOT, 0.024, DARK)
    canvas.ball(knob, 0.021, RED)


def carriage(canvas: Canvas, at: Vector, clamp: float) -> None:
    """The carriage with its nest, and the clamp's knob with three spokes."""
    size = scene.CARRIAGE_SIZE
    canvas.box(at + vec(0, 0, 0.5 * size[2] + 0.004), size - vec(0, 0, 0.008), STEEL)
    half = 0.5 * scene.HOUSING_SIZE + vec(0.006, 0.006, 0)
    canvas.polygon(at + vec(0, 0, size[2]) + _recess(half), (96, 92, 88), (70, 66, 62))
    knob = at + scene.HANDLE
    canvas.box(at + vec(0, -0.062, 0.018), vec(0.05, 0.05, 0.016), (130, 126, 120))
    canvas.rod(knob - vec(0, 0, 0.036), knob - vec(0, 0, 0.014), 0.010, DARK)
    canvas.disc(knob - vec(0, 0, 0.012), 0.027, (40, 40, 44))
    canvas.disc(knob, 0.027, (64, 64, 70))
    for i in range(3):
        angle = clamp + 2 * math.pi * i / 3
        end = knob + 0.024 * vec(math.cos(angle), math.sin(angle), 0.0)
        canvas.stroke(np.stack([knob, end]), (80, 200, 240) if i == 0 else (170, 170, 176), 0.006)
    canvas.disc(knob + vec(0, 0, 0.001), 0.008, (150, 150, 156))


def passer_by(canvas: Canvas, feet: Vector, speed: float, phase: float, coat: Color) -> Vector:
    """Someone walking along x; returns the pixels covered, [N, 2]."""
    swing, forward = math.sin(phase), math.copysign(1.0, speed)
    hip, neck = feet + vec(0, 0, 0.92), feet + vec(0, 0, 1.42)
    legs: list[tuple[Capsule, Color]] = []
    arms: list[tuple[Capsule, Color]] = []
    for side, y in ((swing, 0.08), (-swing, -0.08)):
        knee = hip + vec(forward * (0.22 * side + 0.05), y, -0.44)
        ankle = hip + vec(forward * (0.40 * side - 0.10 * max(0.0, -side)), y, -0.86 + 0.08 * max(0.0, -side))
        legs.append((Capsule(hip + vec(0, y, 0), knee, 0.09, 0.07), (92, 82, 74)))
        legs.append((Capsule(knee, ankle, 0.07, 0.05), (88, 78, 70)))
        shoulder = neck + vec(0, 1.9 * y, -0.06)
        elbow = shoulder + vec(-forward * 0.16 * side, 0, -0.22)
        wrist = elbow + vec(forward * (0.10 - 0.12 * side), 0, -0.22)
        arms.append((Capsule(shoulder, elbow, 0.06, 0.05), shade(coat, 0.9)))
        arms.append((Capsule(elbow, wrist, 0.05, 0.04), shade(coat, 0.85)))
    head = Capsule(neck + vec(0, 0, 0.14), neck + vec(0, 0, 0.18), 0.09, 0.10)
    body: list[tuple[Capsule, Color]] = [(Capsule(hip, neck, 0.15, 0.16), coat), (head, (128, 156, 196))]
    covered = []
    for limb, color in legs + body + arms:
        canvas.capsule(limb, color)
        covered.append(canvas.capsule_outline(limb, 2.0))
    return np.concatenate(covered)


def cartons_on_belt(canvas: Canvas, travel_m: float) -> list[Vector]:
    """Cartons that come round again; returns the pixels around each, [8, 2]."""
    covered = []
    for i in range(9):
        x, taller = -1.8 + (0.42 * i + travel_m) % 3.78, i % 2
        canvas.box(vec(x, 0.98, 0.13 + 0.02 * taller), vec(0.2, 0.16, 0.14 + 0.04 * taller), CARTONS[i % 3])
        covered.append(canvas.camera.project(vec(x, 0.98, 0.13) + paint.BOX_CORNERS * 0.34)[0])
    return covered


def hanging_tool(canvas: Canvas, at: Vector) -> None:
    """A screwdriver on a balancer's cable, between camera and bench."""
    canvas.stroke(np.stack([at + vec(0, 0, 1.2), at + vec(0, 0, 0.16)]), (52, 50, 50), 0.008)
    canvas.rod(at + vec(0, 0, 0.16), at + vec(0, 0, 0.05), 0.024, (60, 150, 60))
    canvas.rod(at + vec(0, 0, 0.05), at, 0.016, DARK)
    canvas.rod(at, at - vec(0, 0, 0.05), 0.005, (190, 186, 180))
