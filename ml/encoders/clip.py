"""CLIP's picture encoder, ViT-B/32 (§3.2.3, §4.5), from a local file of weights.

The tower is torch's own Transformer layers under the names of the checkpoint: `open_clip` needs torchvision, which
Kineme does without (docs/decisions/0006-clip-without-torchvision.md). Only tensors are read from a file, never code.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image
from safetensors import safe_open
from torch import Tensor, nn

from ml.artefacts import Float
from ml.encoders.errors import EncoderUnavailable
from ml.threads import fixed_threads

NAME = "open_clip:ViT-B-32/openai"
LICENCE = "MIT (OpenAI CLIP)"
FILES = ("open_clip_model.safetensors", "open_clip_pytorch_model.bin", "model.safetensors", "pytorch_model.bin")
"""Names the weights are published under, best first: open_clip's, then Transformers'."""
COMMAND = (
    "uvx --from huggingface_hub hf download timm/vit_base_patch32_clip_224.openai open_clip_model.safetensors "
    "--local-dir {folder}"
)
MEAN = (0.48145466, 0.4578275, 0.40821073)  # of CLIP's training pictures, RGB in 0..1
STD = (0.26862954, 0.26130258, 0.27577711)
AT_ONCE = 32  # pictures of one batch


@dataclass(frozen=True)
class ClipShape:
    """The size of a picture tower."""

    image_px: int
    patch_px: int
    width: int
    layers: int
    heads: int
    dimension: int

    @property
    def n_patches(self) -> int:
        """Patches of one picture."""
        return (self.image_px // self.patch_px) ** 2


VIT_B_32 = ClipShape(image_px=224, patch_px=32, width=768, layers=12, heads=12, dimension=512)


class QuickGelu(nn.Module):
    """x · σ(1.702 x): the activation OpenAI trained with. Plain GELU gives other features from the same weights."""

    def forward(self, x: Tensor) -> Tensor:
        """x · σ(1.702 x), any shape: the GELU CLIP was trained with."""
        return x * torch.sigmoid(1.702 * x)


class ClipTower(nn.Module):
    """Patches, a class token, positions, pre-norm Transformer layers; the class token's output, projected."""

    def __init__(self, shape: ClipShape) -> None:
        super().__init__()
        self.shape = shape
        self.patches = nn.Conv2d(3, shape.width, shape.patch_px, stride=shape.patch_px, bias=False)
        self.class_token = nn.Parameter(torch.zeros(shape.width))
        self.positions = nn.Parameter(torch.zeros(shape.n_patches + 1, shape.width))
        self.before = nn.LayerNorm(shape.width)
        self.layers = nn.ModuleList(
            nn.TransformerEncoderLayer(
                shape.width,
                shape.heads,
                4 * shape.width,
                dropout=0.0,
                activation=QuickGelu(),
                batch_first=True,
                norm_first=True,
            )
            for _ in range(shape.layers)
        )
        self.after = nn.LayerNorm(shape.width)
        self.project = nn.Linear(shape.width, shape.dimension, bias=False)
        self.requires_grad_(False).eval()

    def forward(self, pictures: Tensor) -> Tensor:
        """Normalised pictures [B, 3, H, W] → features [B, dimension], not normalised."""
        patches = self.patches(pictures).flatten(2).transpose(1, 2)  # [B, P, width]
        token = self.class_token.expand(len(patches), 1, -1)
        h: Tensor = self.before(torch.cat([token, patches], dim=1) + self.positions)  # [B, 1 + P, width]
        for layer in self.layers:
            h = layer(h)
        features: Tensor = self.project(self.after(h[:, 0]))
        return features


class ClipEncoder:
    """A picture tower with its weights. On a GPU where there is one; only a CPU gives the same bits every time."""

    licence: str = LICENCE

    def __init__(self, tower: ClipTower, name: str, weights: str) -> None:
        """weights: SHA-256 of the file they came from."""
        self.name = name
        self.weights: str | None = weights
        self.dimension = tower.shape.dimension
        self._device = "cuda" if torch.cuda.is_available() else "cpu"
        self._tower = tower.to(self._device)

    def encode(self, frames: npt.NDArray[np.uint8]) -> Float:
        """RGB pictures [B, H, W, 3] → CLIP's image features [B, dimension] float32, not normalised."""
        side = self._tower.shape.image_px
        features = np.zeros((len(frames), self.dimension), dtype=np.float32)
        with torch.inference_mode(), fixed_threads():
            for start in range(0, len(frames), AT_ONCE):
                batch = np.stack([preprocessed(frame, side) for frame in frames[start : start + AT_ONCE]])
                found = self._tower(torch.from_numpy(batch).to(self._device))
                features[start : start + len(batch)] = found.cpu().numpy()
        return features


def preprocessed(frame: npt.NDArray[np.uint8], side_px: int = VIT_B_32.image_px) -> Float:
    """An RGB picture [H, W, 3] as CLIP takes it: [3, side_px, side_px] float32.

    The shortest side becomes `side_px` (bicubic, by Pillow, which smooths when it shrinks), the longer one in
    proportion, rounded down; the middle square is kept; values in 0..1 less MEAN, by STD. The order and the roundings
    are those of open_clip's own transform.
    """
    height, width = frame.shape[:2]
    shortest = min(height, width)
    new = int(side_px * width / shortest), int(side_px * height / shortest)
    picture = Image.fromarray(frame)
    if picture.size != new:
        picture = picture.resize(new, Image.Resampling.BICUBIC)
    left, top = round((new[0] - side_px) / 2), round((new[1] - side_px) / 2)
    square = np.asarray(picture, dtype=np.float32)[top : top + side_px, left : left + side_px] / 255
    normal = (square - np.array(MEAN, dtype=np.float32)) / np.array(STD, dtype=np.float32)
    return np.ascontiguousarray(normal.transpose(2, 0, 1), dtype=np.float32)


def weights_file(weights: Path) -> Path | None:
    """The file of weights at `weights`, a folder or the file itself; None where there is none."""
    if weights.is_file():
        return weights
    return next((file for name in FILES if (file := weights / name).is_file()), None)


def missing(weights: Path) -> tuple[str | None, str | None]:
    """What is missing, and the command that fetches it; (None, None) where there are weights."""
    if weights_file(weights) is not None:
        return None, None
    folder = weights if not weights.suffix else weights.parent
    return f"the weights of CLIP ViT-B/32 are not in {folder}", COMMAND.format(folder=folder)


def load(weights: Path, shape: ClipShape = VIT_B_32, name: str = NAME) -> ClipEncoder:
    """The encoder from the file at `weights`, in open_clip's layout or in that of Transformers.

    Raises EncoderUnavailable where there is no file, it is damaged, or it holds another model.
    """
    file = weights_file(weights)
    if file is None:
        raise EncoderUnavailable(f"there are no weights of CLIP in {weights}")
    tower = ClipTower(shape)
    try:
        tower.load_state_dict(_named(_tensors(file), shape))
    except KeyError as error:
        raise EncoderUnavailable(f"{file.name} holds no CLIP picture encoder: {error.args[0]} is missing") from error
    except RuntimeError as error:  # torch lists every tensor of another size
        raise EncoderUnavailable(f"{file.name} holds another model than {name}") from error
    with file.open("rb") as opened:
        digest = hashlib.file_digest(opened, "sha256").hexdigest()
    return ClipEncoder(tower, name, digest)


def _tensors(file: Path) -> dict[str, Tensor]:
    """The tensors of the picture tower in the file, as float32; those of the text tower are left on disk."""
    found: dict[str, Tensor]
    try:
        if file.suffix == ".safetensors":
            with safe_open(file, framework="pt") as opened:
                found = {key: opened.get_tensor(key) for key in opened.keys() if _is_visual(key)}  # noqa: SIM118
        else:
            found = torch.load(file, map_location="cpu", weights_only=True)  # no pickled code runs
            found = found.get("state_dict", found)  # type: ignore[assignment]
    except OSError:
        raise
    except Exception as error:  # a damaged file raises almost anything
        raise EncoderUnavailable(
            f"{file.name} is damaged or holds more than tensors; TorchScript archives and pickled code are not read"
        ) from error
    plain = {key.removeprefix("module."): value for key, value in found.items() if isinstance(value, Tensor)}
    return {key: value.float() for key, value in plain.items() if _is_visual(key)}


def _is_visual(key: str) -> bool:
    return key.removeprefix("module.").startswith(("visual.", "vision_model.", "visual_projection."))


def _named(found: dict[str, Tensor], shape: ClipShape) -> dict[str, Tensor]:
    """The tensors under the names of `ClipTower`. Raises KeyError for one that is missing."""
    return _from_transformers(found, shape) if "visual_projection.weight" in found else _from_open_clip(found, shape)


def _from_open_clip(found: dict[str, Tensor], shape: ClipShape) -> dict[str, Tensor]:
    named = {
        "patches.weight": found["visual.conv1.weight"],
        "class_token": found["visual.class_embedding"],
        "positions": found["visual.positional_embedding"],
        "project.weight": found["visual.proj"].T,
    }
    modules = {"before": "visual.ln_pre", "after": "visual.ln_post"}
    for i in range(shape.layers):
        ours, theirs = f"layers.{i}", f"visual.transformer.resblocks.{i}"
        modules |= {
            f"{ours}.norm1": f"{theirs}.ln_1",
            f"{ours}.norm2": f"{theirs}.ln_2",
            f"{ours}.linear1": f"{theirs}.mlp.c_fc",
            f"{ours}.linear2": f"{theirs}.mlp.c_proj",
            f"{ours}.self_attn.out_proj": f"{theirs}.attn.out_proj",
        }
        for part in ("in_proj_weight", "in_proj_bias"):
            named[f"{ours}.self_attn.{part}"] = found[f"{theirs}.attn.{part}"]
    return named | _weights_and_biases(found, modules)


def _from_transformers(found: dict[str, Tensor], shape: ClipShape) -> dict[str, Tensor]:
    named = {
        "patches.weight": found["vision_model.embeddings.patch_embedding.weight"],
        "class_token": found["vision_model.embeddings.class_embedding"],
        "positions": found["vision_model.embeddings.position_embedding.weight"],
        "project.weight": found["visual_projection.weight"],
    }
    modules = {"before": "vision_model.pre_layrnorm", "after": "vision_model.post_layernorm"}  # their spelling
    for i in range(shape.layers):
        ours, theirs = f"layers.{i}", f"vision_model.encoder.layers.{i}"
        modules |= {
            f"{ours}.norm1": f"{theirs}.layer_norm1",
            f"{ours}.norm2": f"{theirs}.layer_norm2",
            f"{ours}.linear1": f"{theirs}.mlp.fc1",
            f"{ours}.linear2": f"{theirs}.mlp.fc2",
            f"{ours}.self_attn.out_proj": f"{theirs}.self_attn.out_proj",
        }
        for part in ("weight", "bias"):
            parts = [found[f"{theirs}.self_attn.{which}_proj.{part}"] for which in "qkv"]
            named[f"{ours}.self_attn.in_proj_{part}"] = torch.cat(parts)
    return named | _weights_and_biases(found, modules)


def _weights_and_biases(found: dict[str, Tensor], modules: dict[str, str]) -> dict[str, Tensor]:
    return {
        f"{ours}.{part}": found[f"{theirs}.{part}"] for ours, theirs in modules.items() for part in ("weight", "bias")
    }
