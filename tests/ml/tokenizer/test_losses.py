import math

import pytest
import torch

from ml.config import TokenizerConfig
from ml.tokenizer.losses import diversity_loss, head_loss, radial_weights, reconstruction_loss
from ml.tokenizer.model import PointHead


def test_the_loss_by_hand():
    # One class grid of 1 · 1 would be trivial, so 3 · 3 with all scores equal: p = 1/9.
    # (1 - 1/9)^4 · ln 9 · 0.5, times the weight: rest 1, a corner 1 + 4.
    scores = torch.zeros(1, 1, 2, 9)
    rest_and_corner = torch.tensor([[[4, 0]]])
    focal = 0.5 * (8 / 9) ** 4 * math.log(9)
    visible = torch.tensor([[[True, True]]])
    assert reconstruction_loss(scores, rest_and_corner, visible, 3).item() == pytest.approx(focal * (1 + 5) / 2)
    only_rest = torch.tensor([[[True, False]]])
    assert reconstruction_loss(scores, rest_and_corner, only_rest, 3).item() == pytest.approx(focal)
    assert reconstruction_loss(scores, rest_and_corner, ~visible, 3).item() == 0


def test_a_far_displacement_weighs_more():
    weights = radial_weights(15).view(15, 15)
    assert weights[7, 7] == 1
    assert weights[0, 0] == weights[14, 14] == 5
    assert weights[7, 14] == pytest.approx(1 + 4 * 49 / 98)


def test_the_diversity_term_is_smallest_for_even_use_and_has_a_gradient():
    assert diversity_loss(torch.full((8,), 1 / 8)).item() == pytest.approx(0, abs=1e-6)
    assert diversity_loss(torch.eye(8)[0]).item() == 1
    unused = torch.tensor([1.0, 0.0], requires_grad=True)
    diversity_loss(unused).backward()
    assert unused.grad is not None
    assert unused.grad.isfinite().all()
    logits = torch.tensor([2.0, 0.0, 0.0], requires_grad=True)
    diversity_loss(torch.softmax(logits, dim=0)).backward()
    assert logits.grad is not None
    assert logits.grad[0] > 0  # less of the code that is used too much


@pytest.fixture
def head() -> PointHead:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        head = PointHead(TokenizerConfig.preset("tiny"))
        for parameter in head.parameters():
            torch.nn.init.normal_(parameter, std=0.3)
    return head


def gradients(loss: torch.Tensor, head: PointHead, state: torch.Tensor) -> list[torch.Tensor]:
    return list(torch.autograd.grad(2 * loss, [state, *head.parameters()]))


@pytest.mark.parametrize("points", [None, torch.tensor([3, 77, 399])])
def test_the_loss_made_in_parts_is_that_of_all_scores(head: PointHead, points: torch.Tensor | None):
    # 2 · 15 steps of 400 points are 12,000 rows: more than fit at once.
    generator = torch.Generator().manual_seed(1)
    state = torch.randn(2, 15, 32, generator=generator).requires_grad_()
    P = 400 if points is None else len(points)
    targets = torch.randint(0, 225, (2, 15, P), generator=generator)
    visible = torch.rand(2, 15, P, generator=generator) < 0.8
    whole = reconstruction_loss(head(state, points), targets, visible, 15)
    parts = head_loss(head, state, targets, visible, 15, points)
    torch.testing.assert_close(parts, whole)
    for found, expected in zip(gradients(parts, head, state), gradients(whole, head, state), strict=True):
        torch.testing.assert_close(found, expected, rtol=1e-3, atol=1e-7)


def test_the_loss_in_bfloat16_is_close(head: PointHead):
    generator = torch.Generator().manual_seed(1)
    state = torch.randn(2, 15, 32, generator=generator).requires_grad_()
    targets = torch.randint(0, 225, (2, 15, 400), generator=generator)
    seen = torch.ones_like(targets, dtype=torch.bool)
    exact = head_loss(head, state, targets, seen, 15)
    rough = head_loss(head, state, targets, seen, 15, dtype=torch.bfloat16)
    torch.testing.assert_close(rough, exact, rtol=1e-3, atol=0)
    for found, expected in zip(gradients(rough, head, state), gradients(exact, head, state), strict=True):
        assert (found - expected).norm() < 0.02 * expected.norm()


def test_where_nothing_is_visible_the_loss_is_0(head: PointHead):
    state = torch.zeros(1, 15, 32, requires_grad=True)
    targets = torch.zeros(1, 15, 400, dtype=torch.int64)
    loss = head_loss(head, state, targets, torch.zeros_like(targets, dtype=torch.bool), 15)
    assert loss.item() == 0
    assert all(not gradient.any() for gradient in gradients(loss, head, state))
