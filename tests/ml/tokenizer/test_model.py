from dataclasses import replace

import pytest
import torch

from ml.config import TokenizerConfig
from ml.tokenizer.model import MotionTokenizer, Normalisation

TINY = TokenizerConfig.preset("tiny")


@pytest.fixture
def tokenizer() -> MotionTokenizer:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return MotionTokenizer(TINY, Normalisation(240.0, 2.0)).eval()


def windows(B: int = 2, seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(B, 15, 400, 2, generator=generator) / 100, torch.rand(B, 15, 400, generator=generator) < 0.9


def test_the_paper_preset_has_the_parameters_of_the_published_model():
    # LAPS, as published: 30,232,805. Encoder 14,786,304, FSQ 6,916, decoder 14,171,136, point head 1,268,449.
    tokenizer = MotionTokenizer(TokenizerConfig.preset("paper"))
    assert tokenizer.n_parameters == 30_232_805
    assert sum(p.numel() for p in tokenizer.fsq.parameters()) == 6_916
    assert sum(p.numel() for p in tokenizer.head.parameters()) == 1_268_449


def test_the_split_head_equals_the_written_out_one(tokenizer: MotionTokenizer):
    torch.nn.init.normal_(tokenizer.head.hidden.bias)
    torch.nn.init.normal_(tokenizer.head.back.bias)
    torch.nn.init.normal_(tokenizer.head.classes.bias)
    state = torch.randn(2, 15, TINY.d_m)
    scores = tokenizer.head(state)
    assert scores.shape == (2, 15, 400, 225)
    torch.testing.assert_close(scores, tokenizer.head.naive(state), rtol=1e-4, atol=1e-5)
    some = torch.tensor([3, 399])
    torch.testing.assert_close(tokenizer.head(state, some), scores[:, :, some])


def test_a_later_step_changes_no_earlier_z(tokenizer: MotionTokenizer):
    velocities, visible = windows()
    z = tokenizer.encode(velocities, visible)
    changed = velocities.clone()
    changed[:, 10:] += 1
    again = tokenizer.encode(changed, visible)
    torch.testing.assert_close(again[:, :10], z[:, :10])
    assert not torch.allclose(again[:, 10:], z[:, 10:])


def test_an_invisible_point_says_nothing(tokenizer: MotionTokenizer):
    velocities, visible = windows()
    visible[:, :, 7] = False
    changed = velocities.clone()
    changed[:, :, 7] = 5.0
    assert torch.equal(tokenizer.encode(changed, visible), tokenizer.encode(velocities, visible))


def test_inputs_are_in_the_units_of_the_normalisation(tokenizer: MotionTokenizer):
    # 0.01 half heights = 2.4 reference pixels = 1.2 of the encoder's units
    inputs = tokenizer.inputs(torch.full((1, 15, 400, 2), 0.01), torch.ones(1, 15, 400, dtype=torch.bool))
    torch.testing.assert_close(inputs, torch.full((1, 15, 800), 1.2))


def test_a_displacement_is_a_class_of_whole_reference_pixels(tokenizer: MotionTokenizer):
    px = torch.tensor([[0, 0], [1, 0], [0, 1], [-7, -7], [7, 7], [30, -0.4], [2.6, -3.4]])  # (x, y)
    found = tokenizer.targets(px[None, None] / 240)
    # row · 15 + column, both from -7: rest is 7 · 15 + 7 = 112
    assert found.flatten().tolist() == [112, 113, 127, 0, 224, 7 * 15 + 14, 4 * 15 + 10]


def test_dropout_and_noise_are_off_outside_training():
    tokenizer = MotionTokenizer(TokenizerConfig(d_m=32, layers=1, heads=2, head_hidden=16, mlp_ratio=2)).eval()
    velocities, visible = windows()
    first, _ = tokenizer(velocities, visible)
    second, _ = tokenizer(velocities, visible)
    assert torch.equal(first, second)
    tokenizer.train()
    assert not torch.equal(tokenizer(velocities, visible)[0], first)


def test_codes_and_scores_have_a_row_for_every_step(tokenizer: MotionTokenizer):
    scores, codes = tokenizer(*windows(3))
    assert scores.shape == (3, 15, 400, 225)
    assert codes.shape == (3, 15)
    assert 0 <= int(codes.min()) <= int(codes.max()) < TINY.n_codes


def test_gradients_pass_through_the_rounding(tokenizer: MotionTokenizer):
    scores, _ = tokenizer(*windows())
    scores.sum().backward()
    assert tokenizer.embed.weight.grad is not None
    assert tokenizer.embed.weight.grad.abs().max() > 0


def test_a_decoder_that_starts_from_the_codes_knows_which_step_each_is_of(tokenizer: MotionTokenizer):
    z_q = torch.randn(1, 15, TINY.d_m)
    swapped = z_q[:, [1, 0, *range(2, 15)]]
    # From positions alone the codes are a heap: their order changes nothing.
    torch.testing.assert_close(tokenizer.decode(swapped), tokenizer.decode(z_q))
    tokenizer.config = replace(TINY, decoder_start="codes")
    assert not torch.allclose(tokenizer.decode(swapped)[:, :2], tokenizer.decode(z_q)[:, :2], atol=0.01)
