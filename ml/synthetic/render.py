"""One camera's picture of a take, frame by frame, and its H.264 file."""

from __future__ import annotations

import math
import os
from fractions import Fraction
from functools import partial
from pathlib import Path

import av
import cv2
import numpy as np
from av.video.reformatter import ColorRange, Colorspace

from ml.artefacts import Progress, no_progress
from ml.synthetic import paint, props, scene
from ml.synthetic.arm import Arm, Held, Operator
from ml.synthetic.motion import CARRIAGE, CLAMP, HAND, LEVER, Take, plan
from ml.synthetic.paint import Canvas, Capsule, Color, Image
from ml.synthetic.scene import Camera, SceneConfig, Vector, vec

SHADOW_SCALE = 4
NOISE_MARGIN = 64


class Renderer:
    """Draws the frames of one view of a take."""

    def __init__(self, take: Take, view: str) -> None:
        config = take.config
        self.take, self.config, self.view = take, config, view
        self.width, self.height = config.width_px, config.height_px
        self.camera = Camera.of(view, self.width, self.height)
        rng = np.random.default_rng([config.seed, 2])  # the same textures in every view
        self.operator = Operator(rng)
        sides = {name: paint.housing_side(rng, paint.lit(normal)) for name, normal in paint.BOX_NORMALS.items()}
        self.raw = sides | {"top": paint.housing_top(rng, pressed=False)}
        self.done = sides | {"top": paint.housing_top(rng, pressed=True)}
        self.background, self.in_front_of_room = self._still_scene(rng)
        self._resting = self.background
        self._resting_look: tuple[tuple[int, bool], ...] | None = None
        self.mark = _mark(self.height)
        passing = np.random.default_rng([config.seed, 3])
        self.passers = [self._passer(passing, props.COATS[i % len(props.COATS)]) for i in range(config.passers_by)]
        self.phases = np.random.default_rng([config.seed, 4]).uniform(0, 2 * np.pi, (3, 3))
        # noise differs between the cameras; the scene does not
        noise = np.random.default_rng([config.seed, 5, scene.VIEWS.index(view)])
        self.noise_bias = math.ceil(4 * config.noise_sigma)
        field = noise.normal(0, config.noise_sigma, (self.height + NOISE_MARGIN, self.width + NOISE_MARGIN))
        self.noise = np.clip(np.round(field) + self.noise_bias, 0, 255).astype(np.uint8)
        self.noise_at = noise.integers(0, NOISE_MARGIN, (take.n_frames, 2))

    # -- one frame -----------------------------------------------------------------------------------------------

    def luma_chroma(self, frame: int) -> Image:
        """The frame as the camera delivers it: planar YUV 4:2:0 (BT.601, limited range), [3H/2, W]."""
        picture: Image = cv2.cvtColor(self.picture(frame), cv2.COLOR_BGR2YUV_I420).astype(np.uint8, copy=False)
        luma = picture[: self.height]
        config, time_s = self.config, frame / self.config.fps
        if config.flicker > 0:
            gain = 1 + config.flicker * math.sin(2 * math.pi * config.flicker_hz * time_s)
            cv2.convertScaleAbs(luma, luma, gain, 16 * (1 - gain))
        if config.noise_sigma > 0:
            y, x = self.noise_at[frame]
            noise = self.noise[y : y + self.height, x : x + self.width]
            cv2.addWeighted(luma, 1.0, noise, 1.0, -self.noise_bias, luma)
        return picture

    def picture(self, frame: int) -> Image:
        """The scene without noise and flicker, BGR [H, W, 3]."""
        time_s = frame / self.config.fps
        base = self._with_resting_housings(time_s)
        picture = base.copy()
        canvas = Canvas(picture, self.camera)
        self._room(canvas, base, time_s)
        self._workplace(canvas, time_s)
        if self.config.shake_px > 0:
            picture = self._shaken(picture, time_s)
        h, w = self.mark.shape[:2]
        corner = picture[self.height - h - 8 : self.height - 8, self.width - w - 8 : self.width - 8]
        cv2.addWeighted(corner, 0.35, self.mark, 0.65, 0, corner)
        return picture

    def _shaken(self, picture: Image, time_s: float) -> Image:
        scale = self.config.shake_px * self.width / 960
        sway = [
            scale * sum(math.sin(2 * math.pi * hz * time_s + p) for hz, p in zip((0.7, 1.9, 4.3), phases, strict=True))
            for phases in self.phases[:2]
        ]
        warp = np.array([[1, 0, sway[0]], [0, 1, sway[1]]], dtype=np.float32)
        return cv2.warpAffine(picture, warp, (self.width, self.height), borderMode=cv2.BORDER_REPLICATE).astype(
            np.uint8, copy=False
        )

    def _tremor(self, time_s: float) -> Vector:
        hz = np.array([2.3, 5.1, 8.7])
        offset: Vector = self.config.tremor_mm * 1e-3 * np.sin(2 * np.pi * hz * time_s + self.phases).mean(axis=1)
        return offset

    # -- what never moves ----------------------------------------------------------------------------------------

    def _still_scene(self, rng: np.random.Generator) -> tuple[Image, Image]:
        """The picture of everything at rest, and the mask of what stands before the room (bench and all on it)."""
        scale = 2
        camera = Camera.of(self.view, self.width * scale, self.height * scale)
        picture = np.zeros((camera.height_px, camera.width_px, 3), np.uint8)
        canvas = Canvas(picture, camera)
        props.room(canvas, rng, belt=self.config.conveyor_m_s > 0)
        cv2.GaussianBlur(picture, (0, 0), camera.height_px / 300, picture)
        room = picture.copy()
        props.bench(canvas, rng)
        small = (self.width, self.height)
        mask = cv2.resize(np.any(picture != room, axis=2).astype(np.uint8) * 255, small, interpolation=cv2.INTER_AREA)
        solid = cv2.morphologyEx((mask > 127).astype(np.uint8) * 255, cv2.MORPH_CLOSE, np.ones((9, 9), np.uint8))
        return cv2.resize(picture, small, interpolation=cv2.INTER_AREA).astype(np.uint8), solid.astype(np.uint8)

    # -- behind the bench ----------------------------------------------------------------------------------------

    def _passer(self, rng: np.random.Generator, coat: Color) -> tuple[float, float, float, float, Color]:
        """Start time, walking speed (signed), distance, stride phase and coat of someone who walks by."""
        start_s = float(rng.uniform(0, max(1.0, self.take.duration_s - 3)))
        speed = float(rng.uniform(0.9, 1.4)) * (1 if rng.random() < 0.5 else -1)
        return start_s, speed, float(rng.uniform(1.3, 1.7)), float(rng.uniform(0, 6)), coat

    def _with_resting_housings(self, time_s: float) -> Image:
        """The background with the housings that lie in the trays, drawn once each time one is taken or laid down."""
        resting = self.take.resting(time_s)
        look = tuple((part, time_s >= self.take.pressed_s[part]) for part in resting)
        if look != self._resting_look:
            self._resting = self.background.copy()
            canvas = Canvas(self._resting, self.camera)
            placed = [(part, *at) for part in resting if (at := self.take.housing(part, time_s)) is not None]
            placed.sort(key=lambda item: -float(np.linalg.norm(item[1] - self.camera.position)))
            self._shade(canvas, [self._housing_shadow(position, turn) for _, position, turn in placed])
            for part, position, turn in placed:
                self._draw_housing(canvas, part, position, turn, time_s)
            self._resting_look = look
        return self._resting

    def _room(self, canvas: Canvas, base: Image, time_s: float) -> None:
        """Passers-by and the belt: drawn over the room, then the bench is put back in front."""
        drawn: list[Vector] = []
        for start_s, speed, y, phase, coat in self.passers:
            x = -math.copysign(props.AISLE_M, speed) + speed * (time_s - start_s)
            if time_s >= start_s and abs(x) <= props.AISLE_M:
                drawn.append(props.passer_by(canvas, vec(x, y, -0.9), speed, phase + 5.2 * (time_s - start_s), coat))
        if self.config.conveyor_m_s > 0:
            drawn += props.cartons_on_belt(canvas, self.config.conveyor_m_s * time_s)
        for pixels in drawn:
            low = np.maximum(pixels.min(axis=0).astype(int) - 3, 0)
            high = np.minimum(pixels.max(axis=0).astype(int) + 4, (self.width, self.height))
            if (high > low).all():
                part = np.s_[low[1] : high[1], low[0] : high[0]]
                cv2.GaussianBlur(canvas.picture[part], (0, 0), self.height / 360, canvas.picture[part])  # out of focus
                cv2.copyTo(base[part], self.in_front_of_room[part], canvas.picture[part])

    # -- on the bench --------------------------------------------------------------------------------------------

    def _workplace(self, canvas: Canvas, time_s: float) -> None:
        pose = self.take.pose(time_s)
        if self.config.tremor_mm > 0:
            pose[HAND] += self._tremor(time_s)
        arm, eye = Arm(pose), self.camera.position
        lever, knob = float(pose[LEVER]), scene.lever_knob(float(pose[LEVER]))
        held, carried = self.take.held(time_s), self.take.carried(time_s)

        shadows = arm.shadows(canvas)
        for part in (held, carried):
            if part is not None and (placed := self.take.housing(part, time_s)) is not None:
                shadows.append(self._housing_shadow(*placed))
        self._shade(canvas, shadows)

        self._lamp(canvas, time_s)
        # what is low lies under the arm; press head and lever are sorted against the hand
        props.carriage(canvas, vec(scene.PRESS_X, pose[CARRIAGE], 0.0), float(pose[CLAMP]))
        if carried is not None and (placed := self.take.housing(carried, time_s)) is not None:
            self._draw_housing(canvas, carried, *placed, time_s)
        reach = knob - scene.LEVER_PIVOT
        gripping = float(np.linalg.norm(arm.hand - knob)) < 0.06
        over_lever = gripping or paint.before(
            arm.hand, scene.LEVER_PIVOT + 0.5 * reach, np.abs(reach) + vec(0.03, 0.03, 0.03), eye
        )
        over_head = paint.before(arm.hand, props.HEAD, props.HEAD_SIZE, eye) or gripping
        torso = self.view == "side"  # the front camera hangs over the shoulder
        in_hand = self._in_hand(canvas, held, time_s)
        draw_operator = partial(self.operator.draw, canvas, arm, torso=torso, held=in_hand)
        if not over_head:
            draw_operator()
        props.press_head(canvas, lever)
        if over_head and not over_lever:
            draw_operator()
        props.lever(canvas, lever)
        if over_head and over_lever:
            draw_operator()
        for i in range(self.config.occluders):
            props.hanging_tool(canvas, vec((0.22, -0.20)[i], 0.02, (0.20, 0.26)[i]))

    def _in_hand(self, canvas: Canvas, held: int | None, time_s: float) -> Held | None:
        if held is None or (placed := self.take.housing(held, time_s)) is None:
            return None
        return placed[0], partial(self._draw_housing, canvas, held, *placed, time_s)

    def _draw_housing(self, canvas: Canvas, part: int, position: Vector, turn: Vector, time_s: float) -> None:
        faces = self.done if time_s >= self.take.pressed_s[part] else self.raw
        center = position + turn @ vec(0, 0, 0.5 * scene.HOUSING_SIZE[2])
        canvas.box(center, scene.HOUSING_SIZE, (176, 158, 132), turn, faces)

    def _housing_shadow(self, position: Vector, turn: Vector) -> Vector:
        half = vec(0, 0, 0.5 * scene.HOUSING_SIZE[2])
        corners = position + turn @ half + (paint.BOX_CORNERS * scene.HOUSING_SIZE) @ turn.T
        return self.camera.project(paint.on_bench(corners))[0]

    def _shade(self, canvas: Canvas, shapes: list[Vector]) -> None:
        """Soft shadows, one hull of pixels [N, 2] each: drawn at quarter size, blurred, multiplied in."""
        if not shapes:
            return
        size = (math.ceil(self.width / SHADOW_SCALE), math.ceil(self.height / SHADOW_SCALE))
        shadow = np.zeros((size[1], size[0]), np.uint8)
        low, high = np.full(2, np.inf), np.full(2, -np.inf)
        for pixels in shapes:
            hull = cv2.convexHull((pixels / SHADOW_SCALE).astype(np.float32))[:, 0]
            cv2.fillConvexPoly(shadow, np.round(hull * 16).astype(np.int32), 255, cv2.LINE_AA, 4)
            low, high = np.minimum(low, hull.min(axis=0)), np.maximum(high, hull.max(axis=0))
        x0, y0 = np.clip(np.floor(low).astype(int) - 6, 0, size)
        x1, y1 = np.clip(np.ceil(high).astype(int) + 6, 0, size)
        if x1 <= x0 or y1 <= y0:
            return
        soft = cv2.GaussianBlur(shadow[y0:y1, x0:x1], (0, 0), self.height / 360)
        light = cv2.cvtColor(cv2.convertScaleAbs(soft, alpha=0.42), cv2.COLOR_GRAY2BGR)
        part = canvas.picture[y0 * SHADOW_SCALE : y1 * SHADOW_SCALE, x0 * SHADOW_SCALE : x1 * SHADOW_SCALE]
        full = cv2.resize(255 - light, ((x1 - x0) * SHADOW_SCALE, (y1 - y0) * SHADOW_SCALE))
        cv2.multiply(part, full[: part.shape[0], : part.shape[1]], part, 1 / 255)

    def _lamp(self, canvas: Canvas, time_s: float) -> None:
        """The signal lamp at the back of the bench."""
        on = self.config.lamp_hz > 0 and (time_s * self.config.lamp_hz) % 1 < 0.5
        at = vec(0.70, 0.62, 0.34)
        canvas.capsule(Capsule(at, at + vec(0, 0, 0.035), 0.022, 0.022), (96, 214, 120) if on else (70, 106, 74))
        canvas.capsule(Capsule(at - vec(0, 0, 0.055), at - vec(0, 0, 0.02), 0.022, 0.022), (52, 120, 150))


def _mark(height_px: int) -> Image:
    """The word that says the picture is not a recording."""
    scale = max(0.3, height_px / 1080)
    (w, h), base = cv2.getTextSize("SYNTHETIC", cv2.FONT_HERSHEY_DUPLEX, scale, 1)
    mark = np.full((h + base + 8, w + 14, 3), (46, 42, 40), np.uint8)
    cv2.putText(mark, "SYNTHETIC", (7, h + 5), cv2.FONT_HERSHEY_DUPLEX, scale, (250, 250, 250), 1, cv2.LINE_AA)
    return mark


# -- the file --------------------------------------------------------------------------------------------------------


def render(config: SceneConfig, view: str, path: Path, progress: Progress = no_progress) -> None:
    """Write one view of the take as H.264 in MP4 (yuv420p, no B frames, a key frame a second). Same input, same bytes.

    The file appears under its name only when it is whole.
    """
    take = plan(config)
    renderer = Renderer(take, view)
    unfinished = path.with_name(path.name + ".part")
    try:
        with av.open(str(unfinished), "w", format="mp4", options={"movflags": "+faststart"}) as container:
            stream = container.add_stream("libx264", rate=config.fps)
            stream.width, stream.height, stream.pix_fmt = config.width_px, config.height_px, "yuv420p"
            stream.time_base = Fraction(1, config.fps)
            stream.options = {"preset": "veryfast", "crf": "23", "g": str(config.fps), "bf": "0", "threads": "1"}
            stream.codec_context.thread_count = 1
            stream.codec_context.colorspace = Colorspace.ITU601
            stream.codec_context.color_range = ColorRange.MPEG
            for index in range(take.n_frames):
                frame = av.VideoFrame.from_ndarray(renderer.luma_chroma(index), format="yuv420p")
                frame.pts = index
                container.mux(stream.encode(frame))
                if index % config.fps == 0:
                    progress(index / take.n_frames, f"{view}: {index // config.fps} s of {take.duration_s:.0f} s")
            container.mux(stream.encode())
        os.replace(unfinished, path)
    finally:
        unfinished.unlink(missing_ok=True)
    progress(1.0, f"{view}: done")
