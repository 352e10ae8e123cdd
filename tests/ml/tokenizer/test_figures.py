import xml.etree.ElementTree as ElementTree

import pytest
import torch

from ml.config import TokenizerConfig
from ml.tokenizer.figures import curves, expected_px, reconstruction
from ml.tokenizer.model import MotionTokenizer
from tests.ml.moving_points import MovingPoints

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture
def tokenizer() -> MotionTokenizer:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return MotionTokenizer(TokenizerConfig.preset("tiny")).eval()


def test_the_expected_displacement_is_the_mean_under_the_shares(tokenizer: MotionTokenizer):
    # All the weight on row 0, column 14, with a rest that vanishes: 7 px to the right and 7 up.
    with torch.no_grad():
        tokenizer.head.classes.weight.zero_()
        tokenizer.head.classes.bias.fill_(-50.0)
        tokenizer.head.classes.bias[14] = 50.0
        found = expected_px(tokenizer, torch.zeros(1, 15, 400, 2), torch.ones(1, 15, 400, dtype=torch.bool))
        torch.testing.assert_close(found, torch.tensor([7.0, -7.0]).expand(1, 15, 400, 2))
        tokenizer.head.classes.bias.zero_()  # all classes alike: no motion on average
        found = expected_px(tokenizer, torch.zeros(1, 15, 400, 2), torch.ones(1, 15, 400, dtype=torch.bool))
    torch.testing.assert_close(found, torch.zeros(1, 15, 400, 2), atol=1e-5, rtol=0)


def test_reconstructions_are_of_as_many_videos_as_can_be(tokenizer: MotionTokenizer):
    places = [(video, window) for video in (0, 1) for window in range(12)]
    svg = reconstruction(tokenizer, [MovingPoints(12), MovingPoints(12, seed=1)], places, ["left", "right"])
    said = [element.text or "" for element in ElementTree.fromstring(svg).iter(f"{SVG}text")]
    assert sum(text.endswith("true") for text in said) == 4
    assert {text.split(",")[0] for text in said if text.endswith("true")} == {"left", "right"}


def test_curves_have_a_point_for_every_validation():
    one = dict.fromkeys(("training_loss", "validation_loss", "accuracy", "accuracy_no_motion"), 0.5)
    one |= {"accuracy_moving": 0.1, "code_usage": 0.2, "perplexity": 9.0}
    made = curves({"history": [{"step": 10, **one}, {"step": 20, **one}]})
    assert set(made) == {"loss.svg", "displacements.svg", "codes.svg"}
    assert len(ElementTree.fromstring(made["loss.svg"]).findall(f"{SVG}circle")) == 4
