"""The configuration of one pass of the chain: one frozen tree, one branch per stage.

A stage gets only its branch. A run stores `to_dict()`; `digest()` names it.
"""

from __future__ import annotations

import hashlib
import json
import types
import typing
from dataclasses import asdict, dataclass, field, fields, is_dataclass, replace
from typing import Any, Literal, Self

PRESETS = ("paper", "small", "tiny")
Tracker = Literal["flow", "lk", "cotracker3"]
"""What follows points in a video."""
ClusterBy = Literal["embedding", "latents"]
"""What segments are compared by when they are clustered."""


@dataclass(frozen=True)
class TrackingConfig:
    """Point tracking (§3: sliding window buffer of motion keypoints). Windows start every `stride_frames`."""

    backend: Tracker | Literal["tracks"] = "flow"  # a file of tracks is imported whatever stands here
    fps: float = 10.0
    long_side_px: int = 512  # frames are scaled down to this, aspect kept, never up
    grid: int = 20  # N = grid²; laid afresh on each window's first frame
    window_frames: int = 16  # T
    stride_frames: int = 4
    patch_px: int = 16  # OpenCV works on 8 columns at a time: 15 takes 1.9 times as long, 21 takes 2.5 times
    levels: int = 3
    max_fb_error_px: float = 0.75  # forward-backward check; a point that fails it is invisible from there on
    compensate_camera: bool = False  # take out the motion most points share, for cameras that move
    tracks_layout: Literal["frames", "xy_rows", "xyz_rows"] = "frames"  # of imported tracks, see `ml.tracking.imported`
    tracks_fps: float | None = None  # of imported tracks that do not say it themselves

    def __post_init__(self) -> None:
        if not 0 < self.stride_frames <= self.window_frames - 1:
            raise ValueError("stride_frames must be in 1..window_frames-1, or steps of the stream are lost")

    @property
    def n_points(self) -> int:
        """N, the points of the grid."""
        return self.grid**2

    @property
    def window_s(self) -> float:
        """Seconds of video one window needs."""
        return self.window_frames / self.fps


@dataclass(frozen=True)
class TokenizerConfig:
    """Shape of the motion tokenizer (§3.1). `preset("paper")` is the paper's."""

    n_steps: int = 15  # T - 1
    n_points: int = 400
    d_m: int = 768
    layers: int = 2
    heads: int = 8
    decoder_layers: int = 1
    mlp_ratio: int = 4
    dropout: float = 0.1
    noise: float = 0.01  # N(0, noise) added to z in training only
    levels: tuple[int, ...] = (8, 8, 6, 5)  # 1,920 codes; the paper says 2,048, which (8, 8, 8, 4) gives
    head_hidden: int = 256  # width of the decoder's point head
    # What the decoder starts from at each step. "positions", as published: nothing but the codes themselves says which
    # step a code belongs to. "codes" adds the step's z_q: displacements are predicted far better (validation loss on
    # videos kept apart, two splits, preset small: 0.54 and 0.92 instead of 0.62 and 1.06; with mirroring, playing
    # backwards and noise 0.53 and 0.90) and 4 to 10 times as many codes are in use, but codes then follow the noise of
    # a resting picture too, and the energy of codes marks the ends of actions less well.
    decoder_start: Literal["positions", "codes"] = "positions"
    displacement_bins: int = 15  # classes per axis: -7..7 reference pixels
    reference_px: int = 480  # height of the reference frame displacements are counted in
    # What the encoder computes codes in. bfloat16 takes half the time where the processor has it, and gives some 2 %
    # of the steps a neighbouring code: a property of the checkpoint, never of the machine or the caller.
    precision: Literal["float32", "bfloat16"] = "float32"

    def __post_init__(self) -> None:
        if self.d_m % self.heads:
            raise ValueError(f"d_m {self.d_m} must be a multiple of heads {self.heads}")
        if not self.levels or min(self.levels) < 3 or self.n_codes > 32_767:
            raise ValueError("levels must be at least 3 each, and their product fit into 16 bits")
        if self.displacement_bins % 2 == 0:
            raise ValueError("displacement_bins must be odd: no motion is the middle one")

    @property
    def n_codes(self) -> int:
        """How many different codes FSQ with these levels has: their product (§3.1)."""
        product = 1
        for level in self.levels:
            product *= level
        return product

    @classmethod
    def preset(cls, name: str) -> Self:
        """`paper` (§3.1, 30 M parameters), `small` (CPU minutes) or `tiny` (tests). Raises ValueError for another."""
        match name:
            case "paper":
                return cls()
            case "small":
                return cls(d_m=128, heads=4, head_hidden=32)
            case "tiny":
                return cls(d_m=32, layers=1, heads=2, head_hidden=16, mlp_ratio=2, dropout=0.0)
        raise ValueError(f"unknown preset {name!r}, expected one of {PRESETS}")


@dataclass(frozen=True)
class AugmentationConfig:
    """How training windows are changed each time they are drawn (`ml.tokenizer.augment`). As it stands: not at all."""

    mirror_x: bool = False  # left and right, half of the windows
    mirror_y: bool = False  # top and bottom, half of the windows
    reverse: bool = False  # played from the end, half of the windows
    speed: float = 1.0  # up to so many times as fast or as slow
    noise_px: float = 0.0  # standard deviation of what is added to each displacement shown, in reference pixels
    drop_points: float = 0.0  # share of the points not shown

    def __post_init__(self) -> None:
        if not (self.speed >= 1 and self.noise_px >= 0 and 0 <= self.drop_points < 1):
            raise ValueError("augmentation: speed must be 1 or more, noise_px 0 or more, drop_points in 0..1")


@dataclass(frozen=True)
class TrainingConfig:
    """How the tokenizer is trained. AdamW, learning rate 1e-4, betas (0.9, 0.95) for `paper`."""

    steps: int = 20_000
    batch: int = 32
    learning_rate: float = 1e-4
    warmup_steps: int = 0
    cosine: bool = False  # let the learning rate fall to 2 % of itself along half a cosine
    points: int = 400  # points of a window the loss is taken on, drawn anew each step; fewer is cheaper
    weight_decay: float = 0.0
    # Weight of the code-usage entropy term. Published as 0.3, but without a gradient; with one, even 0.03 spreads the
    # steps of a resting picture over many codes, and the energy falls where the motion rises.
    diversity: float = 0.0
    augmentation: AugmentationConfig = field(default_factory=AugmentationConfig)
    validation_fraction: float = 0.2
    validations: int = 8  # how often validation is looked at
    patience: int | None = None  # stop after so many validations without a better one; None never
    # auto: bfloat16 where the processor multiplies it by itself, else float32. Weights and sums are float32 always.
    precision: Literal["auto", "float32", "bfloat16"] = "float32"
    # Fixed, since sums are split by it (ml.threads). Two pay for `paper` on two free cores; on busy ones they wait for
    # each other, so the presets that train beside other work have one.
    threads: int = 2
    seed: int = 0

    def __post_init__(self) -> None:
        if min(self.steps, self.batch, self.points, self.validations, self.threads) < 1:
            raise ValueError("steps, batch, points, validations and threads must be at least 1")
        if self.patience is not None and self.patience < 1:
            raise ValueError("patience must be at least 1")

    @classmethod
    def preset(cls, name: str) -> Self:
        """How the tokenizer of that preset is trained. Raises ValueError for an unknown one."""
        match name:
            case "paper":
                return cls(precision="auto")
            case "small":
                return cls(
                    steps=1_500, batch=16, learning_rate=1e-3, warmup_steps=50, cosine=True, points=32, threads=1
                )
            case "tiny":
                return cls(steps=30, batch=8, learning_rate=3e-3, warmup_steps=5, points=64, threads=1)
        raise ValueError(f"unknown preset {name!r}, expected one of {PRESETS}")


@dataclass(frozen=True)
class EnergyConfig:
    """Which signal is cut (§3.1.1).

    `quantized` is the paper's. `velocity` is the default: over the annotated recordings it marks the ends of actions
    better (docs/results.md). `flow` is the mean speed of all points, `prequant` the latent before its codes.
    """

    source: Literal["quantized", "prequant", "velocity", "flow"] = "velocity"
    per: Literal["step", "window"] = "step"  # window: the mean over a window's own differences, as the published code
    gate_speed: float = 0.0  # energy is 0 where the velocity energy is below; the published code gates, the paper not

    def __post_init__(self) -> None:
        if not self.gate_speed >= 0:
            raise ValueError("gate_speed must be 0 or more")


@dataclass(frozen=True)
class CalibrationConfig:
    """Threshold calibration without labels (§3.1.2). A given `theta_on` is used as it is, for all videos; so is each of
    `theta_by_view` for the videos of its view, and for the others a threshold is found.

    The pseudo-label of a step is "moving". By `otsu`, the paper's, half of a slow movement counts as rest; by `share`
    a step moves when its velocity energy is above `moving_share` of what the fastest 5 % of the steps reach.
    """

    theta_on: float | None = None
    theta_by_view: tuple[tuple[str, float], ...] | None = None
    scope: Literal["view", "run"] = "view"  # one threshold per view, or one for all videos; no view: per video
    labels: Literal["share", "otsu"] = "share"
    moving_share: float = 0.19
    histogram_bins: int = 256  # Otsu
    still_speed: float = 0.002  # half picture heights per step; a video whose fastest points stay below does not move


@dataclass(frozen=True)
class DetectionConfig:
    """The causal detector (§3.1.2). Steps are those of the energy trace (1 / fps seconds).

    The paper gives none of these numbers; see `RefinementConfig` for where they are from. Little smoothing, since at
    ten values a second an average over half a second hides the rest between two movements, and a short least length,
    since what is left of a quick movement above theta_on is shorter than it.
    """

    alpha: float = 0.55  # EMA weight of the newest value
    off_ratio: float = 0.8  # r: theta_off = r * theta_on
    on_steps: int = 2  # u
    off_steps: int = 2  # d
    cooldown_steps: int = 0
    min_s: float = 0.2
    max_s: float | None = None


@dataclass(frozen=True)
class RefinementConfig:
    """What is done to a segment after the detector has closed it (`ml.refinement`); not in the paper.

    One interval of the detector may hold several movements: it is split where the energy is next to nothing, and where
    it dips and rises again. And a movement is over a little after its energy has fallen below theta_off. Chosen, with
    the detector's numbers, on 13 annotated recordings and a synthetic take, one set for all (docs/results.md).
    """

    rest: float | None = (
        0.35  # in theta_on: energy that splits where it is lower, even for one step; None does not split
    )
    dip: float | None = 1.2  # in theta_on: how far the energy falls and rises again; None does not split
    smooth_s: float = 0.14  # standard deviation of the Gaussian that dips are looked for in, both directions
    min_piece_s: float = 0.2
    hold_s: float = 0.3  # how far an end is moved on, at most to the next segment

    def __post_init__(self) -> None:
        if any(share is not None and not share > 0 for share in (self.rest, self.dip, self.smooth_s)):
            raise ValueError("rest, dip and smooth_s must be above 0")
        if not (self.min_piece_s >= 0 and self.hold_s >= 0):
            raise ValueError("min_piece_s and hold_s must be 0 or more")


@dataclass(frozen=True)
class EncoderConfig:
    """The frozen segment encoder (§3.2.1). d_ff = 512 is not in the paper: it gives its "about 2.3 million"."""

    d_m: int = 768
    d: int = 256
    layers: int = 4
    heads: int = 4
    d_ff: int = 512
    seed: int = 42  # names the space: never compare vectors across seeds


@dataclass(frozen=True)
class ClusteringConfig:
    """Cosine k-means (§3.2.2). No n_clusters takes the suggested k; the choice stays the team's.

    by: "embedding" is the paper's, e of each segment. "latents" (`ml.views`) takes z before quantisation, averaged over
    the segment, of every camera that filmed it: not in the paper, and purer clusters on the sample (docs/results.md).
    Search by example compares embeddings either way.
    """

    by: ClusterBy = "embedding"
    n_clusters: int | None = None
    max_suggested: int = 20
    n_init: int = 10
    seed: int = 42


@dataclass(frozen=True)
class CoherenceConfig:
    """How alike the primitives of a cluster look (§3.2.3), by each of these encoders that can be used.

    The paper's CLIP where its weights are; `appearance` always, under its own name: what looks alone explain.
    """

    encoders: tuple[str, ...] = ("open_clip:ViT-B-32/openai", "appearance")
    max_pairs: int = 100_000  # of one cluster; as many are drawn where there are more
    repeats: int = 5  # of the random-pair baseline
    bootstraps: int = 1_000
    seed: int = 42


@dataclass(frozen=True)
class PipelineConfig:
    """Everything that decides what a run finds."""

    tracking: TrackingConfig = field(default_factory=TrackingConfig)
    tokenizer: TokenizerConfig = field(default_factory=TokenizerConfig)
    training: TrainingConfig = field(default_factory=TrainingConfig)
    energy: EnergyConfig = field(default_factory=EnergyConfig)
    calibration: CalibrationConfig = field(default_factory=CalibrationConfig)
    detection: DetectionConfig = field(default_factory=DetectionConfig)
    refinement: RefinementConfig = field(default_factory=RefinementConfig)
    embedding: EncoderConfig = field(default_factory=EncoderConfig)
    clustering: ClusteringConfig = field(default_factory=ClusteringConfig)
    coherence: CoherenceConfig = field(default_factory=CoherenceConfig)

    def __post_init__(self) -> None:
        if self.embedding.d_m != self.tokenizer.d_m:
            raise ValueError(f"embedding.d_m {self.embedding.d_m} must equal tokenizer.d_m {self.tokenizer.d_m}")
        if self.tokenizer.n_points != self.tracking.n_points:
            raise ValueError(f"tokenizer.n_points {self.tokenizer.n_points} must equal grid² {self.tracking.n_points}")
        if self.tokenizer.n_steps != self.tracking.window_frames - 1:
            raise ValueError("tokenizer.n_steps must equal tracking.window_frames - 1")

    @classmethod
    def preset(cls, name: str, *, n_clusters: int | None = None, theta_on: float | None = None) -> Self:
        """The configuration of preset `paper`, `small` or `tiny`, with the two choices a team makes most."""
        tokenizer = TokenizerConfig.preset(name)
        return cls(
            tokenizer=tokenizer,
            training=TrainingConfig.preset(name),
            calibration=CalibrationConfig(theta_on=theta_on),
            embedding=EncoderConfig(d_m=tokenizer.d_m),
            clustering=ClusteringConfig(n_clusters=n_clusters),
        )

    def with_tokenizer(self, tokenizer: TokenizerConfig) -> Self:
        """This configuration around a tokenizer that exists already."""
        return replace(self, tokenizer=tokenizer, embedding=replace(self.embedding, d_m=tokenizer.d_m))

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON types; `from_dict` takes it back."""
        plain: dict[str, Any] = json.loads(json.dumps(asdict(self)))
        return plain

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Self:
        """Rebuild a configuration. Raises ValueError on an unknown key or a value of the wrong type."""
        built = build(cls, data)
        assert isinstance(built, cls)
        return built

    def digest(self) -> str:
        """SHA-256 of the canonical JSON: two equal configurations have one digest."""
        return digest_of(self.to_dict())


def digest_of(data: Any) -> str:
    """SHA-256, in hex, of `data` as canonical JSON. Dataclasses count as their dictionaries."""
    plain = asdict(data) if is_dataclass(data) and not isinstance(data, type) else data
    return hashlib.sha256(json.dumps(plain, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def build(cls: type, data: Any, where: str = "") -> Any:
    """A frozen dataclass from a dictionary of JSON types, every key known and every value of the declared type."""
    if not isinstance(data, dict):
        raise ValueError(f"{where or 'configuration'} must be an object")
    hints = typing.get_type_hints(cls)
    known = {f.name for f in fields(cls)}
    if unknown := sorted(set(data) - known):
        raise ValueError(f"unknown key {where + unknown[0]!r}; known: {', '.join(sorted(known))}")
    return cls(**{key: _value(hints[key], value, where + key) for key, value in data.items()})


def _value(hint: Any, value: Any, where: str) -> Any:
    if is_dataclass(hint) and isinstance(hint, type):
        return build(hint, value, where + ".")
    origin, args = typing.get_origin(hint), typing.get_args(hint)
    if origin in (types.UnionType, typing.Union):
        if value is None and type(None) in args:
            return None
        return _value(next(a for a in args if a is not type(None)), value, where)
    if origin is Literal:
        if value not in args:
            raise ValueError(f"{where} must be one of {', '.join(map(str, args))}, got {value!r}")
        return value
    if origin is tuple:
        if not isinstance(value, (list, tuple)):
            raise ValueError(f"{where} must be a list, got {value!r}")
        if args[-1] is not Ellipsis:
            if len(value) != len(args):
                raise ValueError(f"{where} must be {len(args)} values, got {value!r}")
            return tuple(_value(one, item, where) for one, item in zip(args, value, strict=True))
        return tuple(_value(args[0], item, where) for item in value)
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if hint is float and number and abs(value) < float("inf"):
        return float(value)
    if hint is int and number and int(value) == value:
        return int(value)
    if hint in (str, bool) and isinstance(value, hint):
        return value
    raise ValueError(f"{where} must be {getattr(hint, '__name__', hint)}, got {value!r}")
