"""Brushes: anti-aliased, textured shapes of a projected 3-D scene on a BGR picture.

Textures are made once from a seeded generator; a frame only warps them, so a point tracker has something to hold
and a frame stays cheap. Textured shapes get a thin outline, which also hides the hard edge of their mask.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from ml.synthetic.scene import LIGHT, Camera, Vector, vec

Image = npt.NDArray[np.uint8]
Color = tuple[float, float, float]
"""Blue, green, red."""

SUB = 4  # fractional bits of a pixel position
TURN = np.linspace(0.0, 2 * np.pi, 25)[:-1]
ARC = np.linspace(-1.0, 1.0, 12)
CIRCLE = np.stack([np.cos(TURN), np.sin(TURN)], axis=1)

BOX_CORNERS = np.array([[x, y, z] for x in (-0.5, 0.5) for y in (-0.5, 0.5) for z in (-0.5, 0.5)])
BOX_FACES = {  # corners in order, from outside; "top" and "front" run left to right, far or upper edge first
    "left": (3, 1, 0, 2), "right": (5, 7, 6, 4), "front": (1, 5, 4, 0), "back": (7, 3, 2, 6), "bottom": (0, 4, 6, 2),
    "top": (3, 7, 5, 1),
}  # fmt: skip
BOX_NORMALS: dict[str, Vector] = {
    "left": vec(-1, 0, 0), "right": vec(1, 0, 0), "front": vec(0, -1, 0), "back": vec(0, 1, 0), "bottom": vec(0, 0, -1),
    "top": vec(0, 0, 1),
}  # fmt: skip


def on_bench(points: Vector) -> Vector:
    """Where the lamp throws the shadow of points [N, 3]."""
    shadow: Vector = points - LIGHT * (points[:, 2:] / LIGHT[2])
    return shadow


def shade(color: Color, factor: float) -> Color:
    """A colour made darker (below 1) or brighter, within 0..255."""
    return (min(255.0, color[0] * factor), min(255.0, color[1] * factor), min(255.0, color[2] * factor))


def before(point: Vector, center: Vector, size: Vector, eye: Vector) -> bool:
    """Whether `point` hides an upright box from `eye`, not the box the point: it is outside a face the eye sees."""
    out_point, out_eye = np.abs(point - center) - 0.5 * size, np.abs(eye - center) - 0.5 * size
    same_side = np.sign(point - center) == np.sign(eye - center)
    return bool(np.any((out_point > 0) & (out_eye > 0) & same_side))


def lit(normal: Vector) -> float:
    """Brightness of a face."""
    return 0.62 + 0.46 * max(0.0, float(normal @ LIGHT))


@dataclass(frozen=True)
class Capsule:
    """A limb: two spheres, at `a` and `b` [3], and what lies between."""

    a: Vector
    b: Vector
    radius_a: float
    radius_b: float

    @property
    def middle(self) -> Vector:
        """Half-way between its ends, [3], metres."""
        return 0.5 * (self.a + self.b)


class Canvas:
    """A picture seen through a camera, and the brushes that draw world shapes into it."""

    def __init__(self, picture: Image, camera: Camera) -> None:
        self.picture = picture
        self.camera = camera
        self.line_px = max(1, round(camera.height_px / 540))

    # -- flat shapes ---------------------------------------------------------------------------------------------

    def fill(self, pixels: Vector, color: Color) -> None:
        """A convex polygon [N, 2]."""
        cv2.fillConvexPoly(self.picture, _fixed(pixels), color, cv2.LINE_AA, SUB)

    def outline(self, pixels: Vector, color: Color) -> None:
        """A closed line through pixels [N, 2]."""
        cv2.polylines(self.picture, [_fixed(pixels)], True, color, self.line_px, cv2.LINE_AA, SUB)

    def polygon(self, corners: Vector, color: Color, edge: Color | None = None) -> None:
        """A convex polygon in the world, [N, 3]."""
        pixels, _ = self.camera.project(corners)
        self.fill(pixels, color)
        if edge is not None:
            self.outline(pixels, edge)

    def stroke(self, points: Vector, color: Color, thickness_m: float) -> None:
        """An open line through the world, [N, 3]."""
        pixels, depth = self.camera.project(points)
        px = max(1, round(thickness_m * self.camera.focal_px / float(depth.mean())))
        cv2.polylines(self.picture, [_fixed(pixels)], False, color, px, cv2.LINE_AA, SUB)

    def ball(self, center: Vector, radius: float, color: Color) -> None:
        """A ball in the world: centre [3] and radius in metres, lit from above left."""
        pixels, depth = self.camera.project(center[None])
        r = radius * self.camera.focal_px / depth[0]
        self.fill(pixels + CIRCLE * r, shade(color, 0.55))
        self.fill(pixels + CIRCLE * (r * 0.9), color)
        self.fill(pixels + CIRCLE * (r * 0.35) - 0.3 * r, shade(color, 1.5))

    def disc(self, center: Vector, radius: float, color: Color, axes: Vector | None = None) -> None:
        """A flat disc, lying if no `axes` [2, 3] are given."""
        axes = np.eye(3)[:2] if axes is None else axes
        self.polygon(center + radius * CIRCLE @ axes, color, shade(color, 0.6))

    def rod(self, a: Vector, b: Vector, radius: float, color: Color) -> None:
        """An upright cylinder or a bar: a capsule with a highlight along it."""
        self.capsule(Capsule(a, b, radius, radius), color)

    def box(
        self, center: Vector, size: Vector, color: Color, turn: Vector | None = None,
        textures: dict[str, Image] | None = None,
    ) -> None:  # fmt: skip
        """A box; the faces that look at the camera."""
        turn = np.eye(3) if turn is None else turn
        corners = center + (BOX_CORNERS * size) @ turn.T
        pixels, _ = self.camera.project(corners)
        for name, face in BOX_FACES.items():
            normal = turn @ BOX_NORMALS[name]
            if (self.camera.position - corners[face[0]]) @ normal <= 0:
                continue
            quad, light = pixels[list(face)], lit(normal)
            texture = (textures or {}).get(name)
            if texture is None:
                self.fill(quad, shade(color, light))
            else:
                self.texture(quad, texture, quad)
            self.outline(quad, shade(color, light * 0.66))

    # -- limbs ---------------------------------------------------------------------------------------------------

    def capsule_outline(self, limb: Capsule, grow_px: float = 0.0) -> Vector:
        """The capsule's silhouette in pixels, [N, 2]."""
        a, b, radius_a, radius_b = self._ends(limb)
        return _silhouette(a, b, radius_a + grow_px, radius_b + grow_px)

    def _ends(self, limb: Capsule) -> tuple[Vector, Vector, float, float]:
        ends, depth = self.camera.project(np.array((limb.a, limb.b)))
        focal = self.camera.focal_px
        return ends[0], ends[1], limb.radius_a * focal / float(depth[0]), limb.radius_b * focal / float(depth[1])

    def capsule(self, limb: Capsule, color: Color) -> None:
        """A limb of one colour: dark rim, body, and a highlight on the lit side."""
        a, b, radius_a, radius_b = self._ends(limb)
        outward = _outward(a, b, radius_a, radius_b)
        rim, glow = 0.7 * self.line_px, 0.42 * self.camera.upward_light
        self.fill(_around(outward, a, b, radius_a + rim, radius_b + rim), shade(color, 0.45))
        self.fill(_around(outward, a, b, radius_a, radius_b), color)
        lit_a, lit_b = a + glow * radius_a, b + glow * radius_b
        self.fill(_around(outward, lit_a, lit_b, 0.45 * radius_a, 0.45 * radius_b), shade(color, 1.16))

    def sleeve(self, limb: Capsule, texture: Image) -> None:
        """A limb wrapped in a texture that runs down from `a` to `b`. Draw its rim first."""
        first, last, radius_a, radius_b = self._ends(limb)
        along = last - first
        length = float(np.hypot(*along))
        along = along / length if length > 1e-6 else np.array([0.0, 1.0])
        across = np.array([-along[1], along[0]])
        a, b = first - along * radius_a, last + along * radius_b
        quad = np.array([a - across * radius_a, a + across * radius_a, b + across * radius_b, b - across * radius_b])
        self.texture(quad, texture, _silhouette(first, last, radius_a, radius_b))

    def rim(self, limb: Capsule, color: Color) -> None:
        """The dark edge of a limb, under its texture."""
        self.fill(self.capsule_outline(limb, 0.9 * self.line_px), color)

    # -- textures ------------------------------------------------------------------------------------------------

    def texture(self, quad: Vector, texture: Image, mask: Vector) -> None:
        """Warp a texture onto the pixels `quad` (its corners from the upper left, clockwise), inside polygon `mask`."""
        height, width = self.picture.shape[:2]
        low = np.maximum(np.floor(mask.min(axis=0)).astype(int) - 1, 0)
        high = np.minimum(np.ceil(mask.max(axis=0)).astype(int) + 2, (width, height))
        if (high - low).min() <= 0:
            return
        h, w = texture.shape[:2]
        source = np.array([[0, 0], [w, 0], [w, h], [0, h]], dtype=np.float32)
        warp = cv2.getPerspectiveTransform(source, (quad - low).astype(np.float32))
        size = (int(high[0] - low[0]), int(high[1] - low[1]))
        edge = texture[h // 2, 0].tolist()  # around the texture; repeating its border would take twice as long
        patch = cv2.warpPerspective(texture, warp, size, flags=cv2.INTER_LINEAR, borderValue=edge)
        inside = np.zeros((size[1], size[0]), np.uint8)
        cv2.fillConvexPoly(inside, _fixed(mask - low), 255, cv2.LINE_8, SUB)
        cv2.copyTo(patch, inside, self.picture[low[1] : high[1], low[0] : high[0]])

    def textured(self, corners: Vector, texture: Image) -> None:
        """A texture on a quadrilateral in the world, [4, 3], upper left first, clockwise."""
        pixels, _ = self.camera.project(corners)
        self.texture(pixels, texture, pixels)


def _fixed(pixels: Vector) -> npt.NDArray[np.int32]:
    return np.rint(pixels * (1 << SUB)).astype(np.int32)


def _silhouette(a: Vector, b: Vector, radius_a: float, radius_b: float) -> Vector:
    """Two discs and what lies between, [N, 2]."""
    return _around(_outward(a, b, radius_a, radius_b), a, b, radius_a, radius_b)


def _outward(a: Vector, b: Vector, radius_a: float, radius_b: float) -> Vector:
    """Unit vectors [2, N, 2] from `b` to its arc of the silhouette and from `a` to its, between the outer tangents."""
    dx, dy = float(b[0] - a[0]), float(b[1] - a[1])
    share = (radius_a - radius_b) / max(math.hypot(dx, dy), 1e-6)
    heading = math.atan2(dy, dx)
    tangent = math.acos(min(1.0, max(-1.0, share)))  # 0 or pi where one disc lies in the other
    # the far arc runs from -tangent to +tangent about the heading, the near one the rest of the way round
    angles = np.stack([heading + ARC * tangent, heading + math.pi + ARC * (math.pi - tangent)])
    return np.stack([np.cos(angles), np.sin(angles)], axis=-1)


def _around(outward: Vector, a: Vector, b: Vector, radius_a: float, radius_b: float) -> Vector:
    points: Vector = np.concatenate([outward[0] * radius_b + b, outward[1] * radius_a + a])
    return points


# -- textures, made once ---------------------------------------------------------------------------------------------


def grain(rng: np.random.Generator, size: tuple[int, int], blur: tuple[float, float]) -> npt.NDArray[np.float32]:
    """Smooth noise of unit deviation, [H, W]; blur is the deviation of the filter in x and y, pixels."""
    noise = rng.standard_normal(size).astype(np.float32)
    smooth = cv2.GaussianBlur(noise, (0, 0), sigmaX=blur[0], sigmaY=blur[1])
    result: npt.NDArray[np.float32] = (smooth - smooth.mean()) / smooth.std()
    return result


def tinted(color: Color, light: npt.NDArray[np.float32]) -> Image:
    """A colour times a brightness [H, W]."""
    return np.clip(np.asarray(color) * light[..., None], 0, 255).astype(np.uint8)


def wood(rng: np.random.Generator, size: tuple[int, int]) -> Image:
    """Planks along x, [H, W, 3]."""
    h = size[0]
    light = 1 + 0.035 * grain(rng, size, (60, 1.2)) + 0.03 * grain(rng, size, (25, 4))
    light += 0.012 * grain(rng, size, (1, 1))
    planks = 7
    for i in range(planks):
        y0, y1 = i * h // planks, (i + 1) * h // planks
        light[y0:y1] *= 1 + 0.05 * float(rng.standard_normal())
        light[y0 : y0 + 2] *= 0.8
    return tinted((122, 162, 196), light)


def mat(rng: np.random.Generator, size: tuple[int, int]) -> Image:
    """A blue-grey antistatic mat with a printed grid and wear."""
    light = 1 + 0.03 * grain(rng, size, (1.2, 1.2)) + 0.025 * grain(rng, size, (30, 30))
    picture = tinted((128, 112, 82), light)
    h, w = size
    for x in range(0, w, 50):
        cv2.line(picture, (x, 0), (x, h), (148, 133, 104), 2 if x % 250 == 0 else 1, cv2.LINE_AA)
    for y in range(0, h, 50):
        cv2.line(picture, (0, y), (w, y), (148, 133, 104), 2 if y % 250 == 0 else 1, cv2.LINE_AA)
    for _ in range(60):
        p = rng.integers(0, (w, h))
        q = p + rng.integers(-40, 40, 2)
        cv2.line(picture, (int(p[0]), int(p[1])), (int(q[0]), int(q[1])), (142, 126, 98), 1, cv2.LINE_AA)
    cv2.rectangle(picture, (6, 6), (w - 7, h - 7), (160, 146, 118), 3, cv2.LINE_AA)
    return picture


def cloth(rng: np.random.Generator, size: tuple[int, int], color: Color, bands: Sequence[tuple[float, float]]) -> Image:
    """A sleeve, [H, W, 3]: weave, folds, round shading across, and bright bands at shares of its length."""
    h, w = size
    across = np.linspace(-1, 1, w, dtype=np.float32)
    round_light = 0.5 + 0.56 * np.sqrt(np.clip(1 - across**2 / 1.1, 0, 1))
    folds = grain(rng, size, (w / 5, h / 40))
    light = round_light[None, :] * (1 + 0.075 * folds + 0.045 * grain(rng, size, (0.9, 0.9)))
    picture = tinted(color, light.astype(np.float32))
    for low, high in bands:
        rows = slice(int(low * h), int(high * h))
        picture[rows] = tinted((70, 190, 245), light[rows].astype(np.float32))
        inner = slice(int((low + 0.3 * (high - low)) * h), int((low + 0.7 * (high - low)) * h))
        picture[inner] = tinted((205, 208, 210), light[inner].astype(np.float32))
    return picture


def knit(rng: np.random.Generator, size: tuple[int, int], color: Color) -> Image:
    """The back of a glove: knit rows, dots, and a logo."""
    h, w = size
    rows = 0.03 * np.sin(np.arange(h, dtype=np.float32) * 2 * np.pi / 6)[:, None]
    light = 0.98 + rows + 0.05 * grain(rng, size, (1.5, 1.5)) + 0.05 * grain(rng, size, (18, 18))
    picture = tinted(color, light.astype(np.float32))
    for y in range(16, h, 22):
        for x in range(12 + 11 * (y // 22 % 2), w, 22):
            cv2.circle(picture, (x, y), 4, shade(color, 0.62), -1, cv2.LINE_AA)
    badge = (int(w * 0.34), int(h * 0.44)), (int(w * 0.68), int(h * 0.6))
    cv2.rectangle(picture, *badge, (60, 70, 210), -1, cv2.LINE_AA)
    foot, white = (int(w * 0.44), int(h * 0.575)), (240, 240, 240)
    cv2.putText(picture, "K", foot, cv2.FONT_HERSHEY_DUPLEX, w / 190, white, 2, cv2.LINE_AA)
    return picture


def housing_top(rng: np.random.Generator, *, pressed: bool) -> Image:
    """The housing seen from above: a bore, four screws, a label; with the insert once it is pressed in."""
    h, w = 162, 210
    picture = tinted((176, 158, 132), 1.06 + 0.02 * grain(rng, (h, w), (1.5, 1.5)))
    cv2.rectangle(picture, (7, 7), (w - 8, h - 8), (146, 128, 104), 3, cv2.LINE_AA)
    for x, y in ((22, 22), (w - 22, 22), (22, h - 22), (w - 22, h - 22)):
        cv2.circle(picture, (x, y), 9, (90, 86, 80), -1, cv2.LINE_AA)
        cv2.line(picture, (x - 5, y - 5), (x + 5, y + 5), (190, 186, 180), 2, cv2.LINE_AA)
    bore = (78, 81)
    cv2.circle(picture, bore, 44, (120, 104, 84), -1, cv2.LINE_AA)
    if pressed:
        cv2.circle(picture, bore, 38, (64, 150, 214), -1, cv2.LINE_AA)
        cv2.circle(picture, bore, 26, (92, 182, 238), -1, cv2.LINE_AA)
        cv2.circle(picture, bore, 11, (44, 96, 146), -1, cv2.LINE_AA)
    else:
        cv2.circle(picture, bore, 36, (52, 46, 40), -1, cv2.LINE_AA)
        cv2.circle(picture, (bore[0] - 6, bore[1] - 6), 20, (74, 66, 58), -1, cv2.LINE_AA)
    cv2.rectangle(picture, (134, 42), (186, 120), (236, 238, 238), -1, cv2.LINE_AA)
    for i in range(9):
        width = int(rng.integers(1, 4))
        cv2.rectangle(picture, (140 + 5 * i, 50), (140 + 5 * i + width, 84), (40, 40, 40), -1)
    cv2.putText(picture, "H-12", (138, 110), cv2.FONT_HERSHEY_SIMPLEX, 0.55, (40, 40, 40), 1, cv2.LINE_AA)
    return picture


def housing_side(rng: np.random.Generator, light: float) -> Image:
    """A side of the housing: ribs and a seam."""
    h, w = 60, 105
    picture = tinted((176, 158, 132), light * (1 + 0.02 * grain(rng, (h, w), (1.5, 1.5))))
    for x in range(12, w, 16):
        cv2.rectangle(picture, (x, 16), (x + 6, h - 8), shade((176, 158, 132), light * 0.78), -1)
    cv2.line(picture, (0, 9), (w, 9), shade((176, 158, 132), light * 0.7), 2)
    return picture
