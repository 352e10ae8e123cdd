import pytest
import torch

from ml.config import AugmentationConfig
from ml.tokenizer.augment import augment, backwards, mirrored

ALL = AugmentationConfig(mirror_x=True, mirror_y=True, reverse=True, speed=1.4, noise_px=0.5, drop_points=0.2)


def windows(B: int = 8) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    return torch.randn(B, 15, 400, 2, generator=generator) / 100, torch.rand(B, 15, 400, generator=generator) < 0.9


def test_a_mirror_swaps_the_points_and_turns_one_axis_round():
    # A grid of two by two, points a b / c d, each with a velocity of its own.
    velocities = torch.tensor([[[[1.0, 10.0], [2.0, 20.0], [3.0, 30.0], [4.0, 40.0]]]])
    visible = torch.tensor([[[True, False, True, True]]])
    left_right = mirrored(velocities, visible, 0)
    assert left_right[0].tolist() == [[[[-2, 20], [-1, 10], [-4, 40], [-3, 30]]]]
    assert left_right[1].tolist() == [[[False, True, True, True]]]
    top_bottom = mirrored(velocities, visible, 1)
    assert top_bottom[0].tolist() == [[[[3, -30], [4, -40], [1, -10], [2, -20]]]]
    assert top_bottom[1].tolist() == [[[True, True, True, False]]]


def test_backwards_is_the_last_step_first_and_the_other_way():
    velocities = torch.tensor([1.0, 2.0, 3.0]).view(1, 3, 1, 1).expand(1, 3, 1, 2)
    visible = torch.tensor([True, True, False]).view(1, 3, 1)
    steps, seen = backwards(velocities, visible)
    assert steps[0, :, 0, 0].tolist() == [-3, -2, -1]
    assert seen[0, :, 0].tolist() == [False, True, True]


def test_each_change_done_twice_is_none():
    there = windows()
    for change in (lambda v, s: mirrored(v, s, 0), lambda v, s: mirrored(v, s, 1), backwards):
        back = change(*change(*there))
        assert torch.equal(back[0], there[0])
        assert torch.equal(back[1], there[1])


def test_without_a_change_nothing_is_drawn():
    state = torch.get_rng_state()
    velocities, visible = windows()
    example = augment(velocities, visible, AugmentationConfig(), 240)
    assert torch.equal(example.shown_velocities, velocities)
    assert torch.equal(example.velocities, velocities)
    assert torch.equal(example.shown_visible, visible)
    assert torch.equal(torch.get_rng_state(), state)


def test_the_seed_decides():
    examples = []
    for seed in (0, 0, 1):
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            examples.append(augment(*windows(), ALL, 240))
    assert torch.equal(examples[0].shown_velocities, examples[1].shown_velocities)
    assert torch.equal(examples[0].shown_visible, examples[1].shown_visible)
    assert not torch.equal(examples[0].shown_velocities, examples[2].shown_velocities)


def test_noise_and_lost_points_are_for_the_encoder_only():
    velocities, visible = windows(64)
    example = augment(velocities, visible, AugmentationConfig(noise_px=0.5, drop_points=0.25), 240)
    assert torch.equal(example.velocities, velocities)
    assert torch.equal(example.visible, visible)
    # 0.5 px of 240 to a half height
    assert (example.shown_velocities - velocities).std().item() == pytest.approx(0.5 / 240, rel=0.02)
    lost = (visible & ~example.shown_visible).any(dim=1)
    assert lost.float().mean().item() == pytest.approx(0.25, abs=0.02)
    assert not (example.shown_visible & ~visible).any()
    assert not example.shown_visible.transpose(1, 2)[lost].any()  # a lost point is lost for the whole window


def test_speed_scales_all_of_a_window_alike():
    velocities, visible = windows(64)
    example = augment(velocities, visible, AugmentationConfig(speed=1.4), 240)
    factor = (example.velocities / velocities).flatten(1)
    torch.testing.assert_close(factor, factor[:, :1].expand_as(factor))
    assert 1 / 1.4 <= factor.min() < 0.8
    assert 1.2 < factor.max() <= 1.4


def test_about_half_of_the_windows_are_mirrored():
    velocities, visible = windows(200)
    example = augment(velocities, visible, AugmentationConfig(mirror_x=True), 240)
    same = (example.velocities == velocities).flatten(1).all(dim=1)
    assert 70 < int(same.sum()) < 130


def test_points_that_are_no_grid_cannot_be_mirrored():
    with pytest.raises(ValueError, match="square grid"):
        mirrored(torch.zeros(1, 15, 10, 2), torch.ones(1, 15, 10, dtype=torch.bool), 0)


def test_a_change_out_of_range_is_refused():
    for wrong in ({"speed": 0.5}, {"drop_points": 1.0}, {"noise_px": -1.0}):
        with pytest.raises(ValueError, match="augmentation"):
            AugmentationConfig(**wrong)
