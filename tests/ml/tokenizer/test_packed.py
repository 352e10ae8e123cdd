from dataclasses import replace

import pytest
import torch

from ml.config import TokenizerConfig
from ml.tokenizer.model import MotionTokenizer, Normalisation
from ml.tokenizer.packed import packed

SMALL = TokenizerConfig.preset("small")


def tokenizer(precision: str = "float32") -> MotionTokenizer:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return MotionTokenizer(replace(SMALL, precision=precision), Normalisation(240.0, 2.0)).eval()


def windows(B: int) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    return torch.randn(B, 15, 400, 2, generator=generator) / 100, torch.rand(B, 15, 400, generator=generator) < 0.9


@torch.inference_mode()
def test_packed_weights_give_the_same_z():
    plain = tokenizer()
    torch.testing.assert_close(packed(plain).encode(*windows(4)), plain.encode(*windows(4)), rtol=1e-4, atol=1e-5)


@torch.inference_mode()
def test_packing_leaves_the_tokenizer_as_it_was():
    plain = tokenizer()
    before = plain.encode(*windows(2))
    names = list(plain.state_dict())
    packed(plain)
    assert torch.equal(plain.encode(*windows(2)), before)
    assert list(plain.state_dict()) == names


@torch.inference_mode()
@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_a_windows_z_does_not_depend_on_how_many_there_are(precision: str):
    encoder = packed(tokenizer(precision))
    velocities, visible = windows(32)
    all_at_once = encoder.encode(velocities, visible)
    for B in (1, 2, 3, 7, 16, 31):
        assert torch.equal(encoder.encode(velocities[:B], visible[:B]), all_at_once[:B])


@torch.inference_mode()
def test_bfloat16_codes_are_mostly_the_same():
    exact, rough = tokenizer(), packed(tokenizer("bfloat16"))
    z = rough.encode(*windows(32))
    assert z.dtype == torch.float32
    assert not torch.equal(z, exact.encode(*windows(32)))
    _, codes = exact.quantise(z)
    _, expected = exact.quantise(exact.encode(*windows(32)))
    assert (codes == expected).float().mean() > 0.9
