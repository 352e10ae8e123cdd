import math

import pytest
import torch

from ml.tokenizer.fsq import FSQ


@pytest.fixture
def identity() -> FSQ:
    """FSQ whose two linear maps pass the first four of eight numbers through, so codes can be worked out by hand."""
    fsq = FSQ(8, (8, 8, 6, 5))
    with torch.no_grad():
        for linear in (fsq.quantiser.project_in, fsq.quantiser.project_out):
            linear.weight.copy_(torch.eye(*linear.weight.shape))
            linear.bias.zero_()
    return fsq


def vector(*numbers: float) -> torch.Tensor:
    """[1, 1, 8] with `numbers` first."""
    return torch.tensor([*numbers, *[0.0] * (8 - len(numbers))]).view(1, 1, 8)


def test_codes_count_in_mixed_radix(identity: FSQ):
    # 0 rounds to the middle level, L // 2: 4, 4, 3, 2. Basis 1, 8, 64, 384: 4 + 32 + 192 + 768.
    _, codes = identity(vector(0, 0, 0, 0))
    assert codes.item() == 996
    _, codes = identity(vector(-9, -9, -9, -9))
    assert codes.item() == 0
    _, codes = identity(vector(9, 9, 9, 9))
    assert codes.item() == 7 + 7 * 8 + 5 * 64 + 4 * 384 == 1919
    _, codes = identity(vector(9, -9, -9, -9))
    assert codes.item() == 7
    _, codes = identity(vector(-9, -9, -9, 9))
    assert codes.item() == 4 * 384


def test_a_code_is_its_point_on_the_grid(identity: FSQ):
    # Levels of 8 lie at -4/4 .. 3/4, of 6 at -3/3 .. 2/3, of 5 at -2/2 .. 2/2.
    assert identity.coordinates(torch.tensor([0])).tolist() == [[-1, -1, -1, -1]]
    assert identity.coordinates(torch.tensor([1919]))[0].tolist() == pytest.approx([0.75, 0.75, 2 / 3, 1.0])
    assert identity.coordinates(torch.tensor([996])).tolist() == [[0, 0, 0, 0]]


def test_z_q_is_a_row_of_the_codebook():
    fsq = FSQ(8, (8, 8, 6, 5))
    z_q, codes = fsq(torch.randn(4, 15, 8, generator=torch.Generator().manual_seed(0)))
    book = fsq.codebook()
    assert book.shape == (1920, 8)
    torch.testing.assert_close(book[codes.long()], z_q)
    assert len(torch.unique(book, dim=0)) == 1920


def test_every_code_is_found_again_from_its_coordinates(identity: FSQ):
    codes = torch.arange(1920)
    # atanh undoes the bound of the quantiser; the shift of even levels is its own.
    levels = torch.tensor(identity.levels, dtype=torch.float32)
    half, offset = (levels - 1) * 1.001 / 2, torch.where(levels % 2 == 0, 0.5, 0.0)
    steps = identity.coordinates(codes) * (levels // 2)
    z = torch.atanh((steps + offset) / half) - torch.atanh(offset / half)
    _, found = identity(torch.nn.functional.pad(z, (0, 4))[None])
    assert torch.equal(found[0], codes.int())


def test_soft_usage_is_a_distribution_that_follows_the_codes(identity: FSQ):
    z = vector(9, 0, -9, 0)
    usage = identity.soft_usage(z)
    assert usage.shape == (1920,)
    assert usage.sum().item() == pytest.approx(1, abs=1e-5)
    assert usage.argmax().item() == identity(z)[1].item()
    two = identity.soft_usage(torch.cat([z, vector(-9, 0, 9, 0)]))
    assert set(two.topk(2).indices.tolist()) == {identity(z)[1].item(), identity(vector(-9, 0, 9, 0))[1].item()}


def test_soft_usage_of_one_axis_by_hand():
    # Three levels at -1, 0, 1 and z = 0: weights e^(-1/0.5), 1, e^(-1/0.5) over their sum, on both axes alike.
    fsq = FSQ(2, (3, 3))
    usage = fsq.soft_usage(torch.zeros(1, 1, 2))
    side = math.exp(-2) / (1 + 2 * math.exp(-2))
    middle = 1 / (1 + 2 * math.exp(-2))
    expected = torch.outer(torch.tensor([side, middle, side]), torch.tensor([side, middle, side])).flatten()
    torch.testing.assert_close(usage, expected)


def test_soft_usage_has_a_gradient():
    fsq = FSQ(8, (8, 8, 6, 5))
    z = torch.randn(2, 15, 8, generator=torch.Generator().manual_seed(1)).requires_grad_()
    torch.special.entr(fsq.soft_usage(z)).sum().backward()
    assert z.grad is not None
    assert z.grad.abs().max() > 0
