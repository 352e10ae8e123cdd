"""Features of Transformers' CLIP for a small tower with made-up weights: the numbers in tests/ml/encoders/test_clip.py.

    pip install transformers && PYTHONPATH=. python tests/golden/clip_reference.py

Last run with transformers 5.23.0 and torch 2.13.0 on a CPU.
"""

import torch
from transformers import CLIPVisionConfig, CLIPVisionModelWithProjection

from tests.ml.encoders.small_clip import SMALL, in_transformers_layout, made_up_pixels, made_up_weights

config = CLIPVisionConfig(
    hidden_size=SMALL.width,
    intermediate_size=4 * SMALL.width,
    num_hidden_layers=SMALL.layers,
    num_attention_heads=SMALL.heads,
    image_size=SMALL.image_px,
    patch_size=SMALL.patch_px,
    projection_dim=SMALL.dimension,
    hidden_act="quick_gelu",
    layer_norm_eps=1e-5,
)
model = CLIPVisionModelWithProjection(config).eval()
missing, unexpected = model.load_state_dict(in_transformers_layout(made_up_weights()), strict=False)
assert not unexpected, unexpected
assert all("position_ids" in name for name in missing), missing
with torch.inference_mode():
    features = model(pixel_values=torch.from_numpy(made_up_pixels())).image_embeds
for row in features.numpy():
    print([round(float(value), 5) for value in row])
