import hashlib
import math
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from ml.encoders import CLIP, EncoderUnavailable, encoders, frame_encoder
from ml.encoders.clip import VIT_B_32, ClipShape, ClipTower, load, missing, preprocessed
from tests.ml.encoders.small_clip import SMALL, in_transformers_layout, made_up_pixels, made_up_weights

# tests/golden/clip_reference.py: transformers 5.23.0, CLIPVisionModelWithProjection with the same weights.
GOLDEN = np.array(
    [
        [2.03981, 0.98915, -0.63622, -0.42291, -0.56836, -1.20015],
        [2.01452, 0.96619, -0.68148, -0.49455, -0.55943, -1.18942],
    ]
)


def saved(tmp_path: Path, weights: dict, name: str = "open_clip_model.safetensors") -> Path:
    save_file({key: value.contiguous() for key, value in weights.items()}, tmp_path / name)
    return tmp_path


def by_hand(weights: dict, pixels: np.ndarray, shape: ClipShape) -> np.ndarray:
    """The tower in numpy, one picture at a time, written from the paper's equations and not from ours."""
    w = {key.removeprefix("visual."): value.double().numpy() for key, value in weights.items()}

    def norm(x, name):
        centred = x - x.mean(-1, keepdims=True)
        return centred / np.sqrt((centred**2).mean(-1, keepdims=True) + 1e-5) * w[f"{name}.weight"] + w[f"{name}.bias"]

    features = []
    p, heads = shape.patch_px, shape.heads
    for picture in pixels.astype(np.float64):
        tokens = [w["class_embedding"]]
        for top in range(0, shape.image_px, p):
            for left in range(0, shape.image_px, p):
                patch = picture[:, top : top + p, left : left + p]
                tokens.append((w["conv1.weight"] * patch).sum(axis=(1, 2, 3)))
        x = norm(np.array(tokens) + w["positional_embedding"], "ln_pre")
        for i in range(shape.layers):
            block = f"transformer.resblocks.{i}"
            y = norm(x, f"{block}.ln_1")
            q, k, v = np.split(y @ w[f"{block}.attn.in_proj_weight"].T + w[f"{block}.attn.in_proj_bias"], 3, axis=-1)
            width = shape.width // heads
            mixed = []
            for h in range(heads):
                part = slice(h * width, (h + 1) * width)
                scores = np.exp(q[:, part] @ k[:, part].T / math.sqrt(width))
                mixed.append(scores / scores.sum(-1, keepdims=True) @ v[:, part])
            joined = np.concatenate(mixed, axis=-1)
            x = x + joined @ w[f"{block}.attn.out_proj.weight"].T + w[f"{block}.attn.out_proj.bias"]
            y = norm(x, f"{block}.ln_2") @ w[f"{block}.mlp.c_fc.weight"].T + w[f"{block}.mlp.c_fc.bias"]
            y = y / (1 + np.exp(-1.702 * y))
            x = x + y @ w[f"{block}.mlp.c_proj.weight"].T + w[f"{block}.mlp.c_proj.bias"]
        features.append(norm(x[0], "ln_post") @ w["proj"])
    return np.array(features)


def test_the_tower_computes_what_transformers_computes(tmp_path):
    encoder = load(saved(tmp_path, made_up_weights()), SMALL)
    with torch.inference_mode():
        features = encoder._tower(torch.from_numpy(made_up_pixels())).numpy()
    np.testing.assert_allclose(features, GOLDEN, atol=2e-5)


def test_the_features_of_a_picture_are_those_worked_out_in_numpy(tmp_path):
    rng = np.random.default_rng(3)
    frames = rng.integers(0, 256, (3, 11, 8, 3), dtype=np.uint8)
    encoder = load(saved(tmp_path, made_up_weights()), SMALL)
    pixels = np.stack([preprocessed(frame, SMALL.image_px) for frame in frames])
    np.testing.assert_allclose(encoder.encode(frames), by_hand(made_up_weights(), pixels, SMALL), atol=1e-4)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16])
def test_both_layouts_and_both_kinds_of_file_give_the_same_features(tmp_path, dtype):
    weights = {key: value.to(dtype) for key, value in made_up_weights().items()}
    theirs = {key: value.to(dtype) for key, value in in_transformers_layout(made_up_weights()).items()}
    text = {"transformer.resblocks.0.ln_1.weight": torch.ones(3), "text_model.final_layer_norm.bias": torch.ones(3)}
    places = [tmp_path / name for name in ("a", "b", "c")]
    for place in places:
        place.mkdir()
    saved(places[0], weights | text)
    saved(places[1], theirs | text, "model.safetensors")
    torch.save({"state_dict": {f"module.{key}": value for key, value in weights.items()}}, places[2] / "weights.bin")
    frames = np.arange(2 * 9 * 9 * 3, dtype=np.uint8).reshape(2, 9, 9, 3)
    found = [load(place, SMALL).encode(frames) for place in (places[0], places[1], places[2] / "weights.bin")]
    np.testing.assert_array_equal(found[0], found[1])
    np.testing.assert_array_equal(found[0], found[2])


def test_a_batch_gives_what_its_pictures_give_one_by_one(tmp_path):
    encoder = load(saved(tmp_path, made_up_weights()), SMALL)
    frames = np.random.default_rng(0).integers(0, 256, (40, 8, 8, 3), dtype=np.uint8)
    alone = np.concatenate([encoder.encode(frame[None]) for frame in frames])
    np.testing.assert_allclose(encoder.encode(frames), alone, atol=1e-5)
    assert encoder.encode(frames[:0]).shape == (0, SMALL.dimension)


def test_the_weights_are_named_by_the_sha_256_of_their_file(tmp_path):
    encoder = load(saved(tmp_path, made_up_weights()), SMALL)
    assert encoder.weights == hashlib.sha256((tmp_path / "open_clip_model.safetensors").read_bytes()).hexdigest()
    assert (encoder.name, encoder.dimension) == (CLIP, SMALL.dimension)


def test_weights_of_another_size_are_refused_under_the_name_of_vit_b_32(tmp_path):
    with pytest.raises(EncoderUnavailable, match=r"is missing|another model"):
        frame_encoder(CLIP, saved(tmp_path, made_up_weights()))
    wrong = made_up_weights() | {"visual.proj": torch.zeros(SMALL.width, SMALL.dimension + 1)}
    with pytest.raises(EncoderUnavailable, match="another model"):
        load(saved(tmp_path, wrong), SMALL)


def test_a_file_that_holds_no_picture_tower_is_refused(tmp_path):
    with pytest.raises(EncoderUnavailable, match=r"no CLIP picture encoder: visual\.conv1\.weight is missing"):
        load(saved(tmp_path, {"weight": torch.zeros(2)}), SMALL)


@pytest.mark.parametrize("name", ["model.safetensors", "pytorch_model.bin"])
@pytest.mark.parametrize("content", [b"", b"version https://git-lfs", b"\x00" * 5000, b"PK\x03\x04 cut off"])
def test_a_damaged_file_is_refused_in_a_sentence(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(EncoderUnavailable, match=f"{name} (is damaged|holds)"):
        load(tmp_path, SMALL)


def test_a_pickle_with_code_in_it_is_refused_and_does_not_run(tmp_path):
    class Trap:
        def __reduce__(self):
            return (Path.touch, (tmp_path / "ran",))

    torch.save({"visual.conv1.weight": Trap()}, tmp_path / "pytorch_model.bin")
    with pytest.raises(EncoderUnavailable, match="pickled code"):
        load(tmp_path, SMALL)
    assert not (tmp_path / "ran").exists()


def test_without_weights_the_sentence_gives_the_one_command_and_the_name_is_refused(tmp_path):
    folder = tmp_path / "clip"
    (clip,) = [found for found in encoders(folder) if found.name == CLIP]
    assert clip.dimension == 512
    assert clip.why_not is not None
    assert f"open_clip_model.safetensors --local-dir {folder}" in clip.why_not
    with pytest.raises(EncoderUnavailable, match="hf download"):
        frame_encoder(CLIP, folder)


def test_weights_in_place_make_the_encoder_available(tmp_path):
    assert missing(saved(tmp_path, made_up_weights())) == (None, None)
    assert [found.why_not for found in encoders(tmp_path)] == [None, None]


def test_vit_b_32_has_the_87_849_216_parameters_of_openais_picture_tower():
    # Patches 3·32²·768 = 2,359,296; class 768; positions 50·768 = 38,400; two norms 2·1,536; 12 layers of
    # 4·768² + 4·768 (attention) + 2·4·768² + 5·768 (MLP) + 2·1,536 (norms) = 7,087,872; projection 768·512 = 393,216.
    parts = 2_359_296 + 768 + 38_400 + 2 * 1_536 + 12 * 7_087_872 + 393_216
    with torch.device("meta"):
        assert sum(p.numel() for p in ClipTower(VIT_B_32).parameters()) == parts == 87_849_216


def test_a_grey_picture_becomes_the_values_of_the_formula():
    # (51 / 255 − mean) / std: (0.2 − 0.48145466) / 0.26862954, (0.2 − 0.4578275) / 0.26130258,
    # (0.2 − 0.40821073) / 0.27577711.
    picture = preprocessed(np.full((10, 10, 3), 51, dtype=np.uint8), 4)
    assert picture.shape == (3, 4, 4)
    np.testing.assert_allclose(picture[:, 0, 0], [-1.047743, -0.986701, -0.754996], atol=2e-6)
    assert np.ptp(picture, axis=(1, 2)).max() < 1e-6


def test_the_middle_square_of_a_wide_picture_is_kept():
    # 6 × 4: the shortest side is right already, so nothing is scaled; (6 − 4) / 2 = 1 column goes on each side.
    frame = np.zeros((4, 6, 3), dtype=np.uint8)
    frame[:, 0] = frame[:, 5] = 255
    assert preprocessed(frame, 4).max() < 0
    frame[:, 1] = 255
    assert (preprocessed(frame, 4)[:, :, 0] > 0).all()


def test_sizes_round_as_in_open_clip():
    # 480 × 853 → 224 × int(224 · 853 / 480) = 398; left = round((398 − 224) / 2) = 87. A tall one alike.
    assert preprocessed(np.zeros((480, 853, 3), dtype=np.uint8)).shape == (3, 224, 224)
    assert preprocessed(np.zeros((1079, 33, 3), dtype=np.uint8)).shape == (3, 224, 224)
    # 4 × 7 to side 4: (7 − 4) / 2 = 1.5 rounds to the even 2, as Python's round does.
    frame = np.zeros((4, 7, 3), dtype=np.uint8)
    frame[:, 2] = 255
    assert (preprocessed(frame, 4)[:, :, 0] > 0).all()
