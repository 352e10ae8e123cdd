"""A small CLIP picture tower with made-up weights, in the layouts real ones are published in."""

import numpy as np
import torch
from torch import Tensor

from ml.encoders.clip import ClipShape

SMALL = ClipShape(image_px=8, patch_px=4, width=16, layers=2, heads=2, dimension=6)


def made_up_weights() -> dict[str, Tensor]:
    """In open_clip's layout. By a formula, not a random generator: the same everywhere."""
    w, d = SMALL.width, SMALL.dimension
    sizes: dict[str, tuple[int, ...]] = {
        "visual.class_embedding": (w,),
        "visual.positional_embedding": (SMALL.n_patches + 1, w),
        "visual.proj": (w, d),
        "visual.conv1.weight": (w, 3, SMALL.patch_px, SMALL.patch_px),
    }
    for norm in ("ln_pre", "ln_post"):
        sizes |= {f"visual.{norm}.weight": (w,), f"visual.{norm}.bias": (w,)}
    for i in range(SMALL.layers):
        block = f"visual.transformer.resblocks.{i}"
        sizes |= {
            f"{block}.attn.in_proj_weight": (3 * w, w),
            f"{block}.attn.in_proj_bias": (3 * w,),
            f"{block}.attn.out_proj.weight": (w, w),
            f"{block}.attn.out_proj.bias": (w,),
            f"{block}.mlp.c_fc.weight": (4 * w, w),
            f"{block}.mlp.c_fc.bias": (4 * w,),
            f"{block}.mlp.c_proj.weight": (w, 4 * w),
            f"{block}.mlp.c_proj.bias": (w,),
        }
        for norm in ("ln_1", "ln_2"):
            sizes |= {f"{block}.{norm}.weight": (w,), f"{block}.{norm}.bias": (w,)}
    return {name: _made_up(size, seed, scale=0.6) for seed, (name, size) in enumerate(sorted(sizes.items()))}


def in_transformers_layout(weights: dict[str, Tensor]) -> dict[str, Tensor]:
    """The same tower as Transformers names it."""
    found = {
        "vision_model.embeddings.class_embedding": weights["visual.class_embedding"],
        "vision_model.embeddings.position_embedding.weight": weights["visual.positional_embedding"],
        "vision_model.embeddings.patch_embedding.weight": weights["visual.conv1.weight"],
        "visual_projection.weight": weights["visual.proj"].T.contiguous(),
    }
    for part in ("weight", "bias"):
        found[f"vision_model.pre_layrnorm.{part}"] = weights[f"visual.ln_pre.{part}"]
        found[f"vision_model.post_layernorm.{part}"] = weights[f"visual.ln_post.{part}"]
        for i in range(SMALL.layers):
            theirs, ours = f"vision_model.encoder.layers.{i}", f"visual.transformer.resblocks.{i}"
            for which, rows in zip("qkv", weights[f"{ours}.attn.in_proj_{part}"].chunk(3), strict=True):
                found[f"{theirs}.self_attn.{which}_proj.{part}"] = rows.contiguous()
            found[f"{theirs}.self_attn.out_proj.{part}"] = weights[f"{ours}.attn.out_proj.{part}"]
            found[f"{theirs}.mlp.fc1.{part}"] = weights[f"{ours}.mlp.c_fc.{part}"]
            found[f"{theirs}.mlp.fc2.{part}"] = weights[f"{ours}.mlp.c_proj.{part}"]
            found[f"{theirs}.layer_norm1.{part}"] = weights[f"{ours}.ln_1.{part}"]
            found[f"{theirs}.layer_norm2.{part}"] = weights[f"{ours}.ln_2.{part}"]
    return found


def made_up_pixels() -> np.ndarray:
    """Two normalised pictures [2, 3, 8, 8]."""
    return _made_up((2, 3, SMALL.image_px, SMALL.image_px), seed=99, scale=2.0).numpy()


def _made_up(size: tuple[int, ...], seed: int, scale: float) -> Tensor:
    positions = np.arange(int(np.prod(size)), dtype=np.float64)
    values = np.sin(positions * 12.9898 + seed * 78.233) * 43758.5453 % 1.0  # spread over 0..1 without a pattern
    return torch.from_numpy((scale * (2 * values - 1)).reshape(size).astype(np.float32))
