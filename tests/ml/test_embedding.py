import math

import numpy as np
import pytest
import torch
from torch import nn

from ml.artefacts import Segment
from ml.config import EncoderConfig, TokenizerConfig
from ml.embedding import MAX_STEPS, SegmentEncoder, embed, sinusoidal_positions, space_of
from ml.tokenizer.encode import z_q_of
from ml.tokenizer.model import MotionTokenizer

SMALL = EncoderConfig(d_m=32, d=16, layers=2, heads=2, d_ff=32)


@pytest.fixture(scope="module")
def tokenizer() -> MotionTokenizer:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        tokenizer = MotionTokenizer(TokenizerConfig.preset("tiny")).eval()
    tokenizer.digest = "saved somewhere"
    return tokenizer


def segment(*codes: int) -> Segment:
    return Segment(0.0, len(codes) / 10, np.array(codes, dtype=np.int16), 1.0, 2.0)


def test_the_paper_encoder_has_2_3_million_parameters():
    encoder = SegmentEncoder(EncoderConfig())
    assert sum(p.numel() for p in encoder.parameters()) == 2_305_280
    assert not any(p.requires_grad for p in encoder.parameters())


def test_positions_by_hand():
    found = sinusoidal_positions(2, 4)
    expected = [[0, 1, 0, 1], [math.sin(1), math.cos(1), math.sin(0.01), math.cos(0.01)]]
    torch.testing.assert_close(found, torch.tensor(expected))


def test_without_layers_it_is_the_mean_of_projection_and_position():
    encoder = SegmentEncoder(EncoderConfig(d_m=2, d=2, layers=0, heads=1, d_ff=4))
    nn.init.eye_(encoder.project.weight)
    nn.init.zeros_(encoder.project.bias)
    # steps (1, 2) and (3, 6); positions (0, 1) and (sin 1, cos 1)
    found = encoder(torch.tensor([[[1.0, 2.0], [3.0, 6.0], [9.0, 9.0]]]), torch.tensor([2]))
    expected = [[(1 + 3 + math.sin(1)) / 2, (2 + 1 + 6 + math.cos(1)) / 2]]
    torch.testing.assert_close(found, torch.tensor(expected))


def test_padding_does_not_change_an_embedding():
    encoder = SegmentEncoder(SMALL)
    z_q = torch.randn(1, 5, 32)
    alone = encoder(z_q, torch.tensor([5]))
    padded = torch.cat([z_q, torch.full((1, 7, 32), 100.0)], dim=1)
    torch.testing.assert_close(encoder(padded, torch.tensor([5])), alone)


def test_lengths_outside_the_batch_are_our_mistake():
    encoder = SegmentEncoder(SMALL)
    for lengths in ([0], [6], [1, 1]):
        with pytest.raises(ValueError, match="lengths"):
            encoder(torch.zeros(1, 5, 32), torch.tensor(lengths))


def test_the_seed_names_the_space_and_the_layers_differ():
    first, again, other = (SegmentEncoder(EncoderConfig(seed=seed)) for seed in (42, 42, 43))
    assert torch.equal(first.project.weight, again.project.weight)
    assert not torch.equal(first.project.weight, other.project.weight)
    a, b = (layer.linear1.weight for layer in list(first.layers)[:2])
    assert not torch.equal(a, b)


def test_making_an_encoder_leaves_the_callers_generator_alone():
    state = torch.get_rng_state()
    SegmentEncoder(SMALL)
    assert torch.equal(torch.get_rng_state(), state)


def test_a_batch_equals_one_by_one(tokenizer: MotionTokenizer):
    segments = [segment(1, 2, 3), segment(1900), segment(1, 2, 3), segment(*range(40)), segment(3, 2, 1)]
    together = embed(segments, tokenizer, SMALL)
    assert together.vectors.shape == (5, 16)
    for i, alone in enumerate(segments):
        np.testing.assert_allclose(
            embed([alone], tokenizer, SMALL).vectors[0], together.vectors[i], rtol=1e-4, atol=1e-5
        )
    np.testing.assert_array_equal(together.vectors[0], together.vectors[2])
    assert not np.allclose(together.vectors[0], together.vectors[4])  # order matters
    np.testing.assert_array_equal(embed(segments, tokenizer, SMALL).vectors, together.vectors)


def test_a_very_long_segment_is_embedded_by_evenly_spaced_steps(tokenizer: MotionTokenizer):
    codes = np.repeat(np.arange(MAX_STEPS) % 1920, 2)[: 2 * MAX_STEPS - 1]
    kept = codes[::2]  # 0, 2, 4 … of 2n - 1 steps are n evenly spaced ones
    found = embed([segment(*codes.tolist())], tokenizer, SMALL).vectors
    z_q = torch.from_numpy(z_q_of(kept, tokenizer))[None]
    np.testing.assert_allclose(
        found, SegmentEncoder(SMALL)(z_q, torch.tensor([MAX_STEPS])).numpy(), rtol=1e-4, atol=1e-5
    )


def test_no_segments_are_no_vectors(tokenizer: MotionTokenizer):
    assert embed([], tokenizer, SMALL).vectors.shape == (0, 16)


def test_the_space_is_that_of_checkpoint_and_encoder(tokenizer: MotionTokenizer):
    here = space_of(tokenizer, SMALL)
    assert embed([segment(1)], tokenizer, SMALL).space == here
    assert space_of(tokenizer, EncoderConfig(d_m=32)) != here
    with pytest.raises(ValueError, match="saved"):
        space_of(MotionTokenizer(TokenizerConfig.preset("tiny")), SMALL)


def test_one_layer_equals_a_computation_without_torch():
    """The layer as in Attention Is All You Need: softmax(QKᵀ / √d_head) V per head, each sum followed by a norm."""
    encoder = SegmentEncoder(EncoderConfig(d_m=3, d=4, layers=1, heads=2, d_ff=6, seed=7))
    z_q = np.random.default_rng(0).normal(size=(5, 3))
    w = {name: tensor.double().numpy() for name, tensor in encoder.state_dict().items()}

    t = np.arange(5)[:, None]
    positions = np.concatenate([np.sin(t), np.cos(t), np.sin(t / 100), np.cos(t / 100)], axis=1)  # 10000^(2/4) = 100
    h = z_q @ w["project.weight"].T + w["project.bias"] + positions
    q, k, v = np.split(h @ w["layers.0.self_attn.in_proj_weight"].T + w["layers.0.self_attn.in_proj_bias"], 3, axis=1)
    heads = []
    for head in (slice(0, 2), slice(2, 4)):
        weights = np.exp(q[:, head] @ k[:, head].T / np.sqrt(2))
        heads.append(weights / weights.sum(axis=1, keepdims=True) @ v[:, head])
    mixed = np.concatenate(heads, axis=1)
    mixed = mixed @ w["layers.0.self_attn.out_proj.weight"].T + w["layers.0.self_attn.out_proj.bias"]
    h = normed(h + mixed, w["layers.0.norm1.weight"], w["layers.0.norm1.bias"])
    wide = np.maximum(h @ w["layers.0.linear1.weight"].T + w["layers.0.linear1.bias"], 0)
    h = normed(
        h + wide @ w["layers.0.linear2.weight"].T + w["layers.0.linear2.bias"],
        w["layers.0.norm2.weight"],
        w["layers.0.norm2.bias"],
    )

    padded = torch.zeros(1, 8, 3)
    padded[0, :5] = torch.from_numpy(z_q).float()
    found = encoder(padded, torch.tensor([5]))[0].numpy()
    np.testing.assert_allclose(found, h.mean(axis=0), rtol=1e-4, atol=1e-5)


def normed(x: np.ndarray, weight: np.ndarray, bias: np.ndarray) -> np.ndarray:
    """Each row to zero mean and unit variance, torch's 1e-5 under the root."""
    spread = np.sqrt(x.var(axis=1, keepdims=True) + 1e-5)
    return (x - x.mean(axis=1, keepdims=True)) / spread * weight + bias
