import numpy as np
import pytest

from ml.encoders import BUILT_IN, EncoderUnavailable, encoders, frame_encoder

PARTS = 21  # of a cell: 8 edge orientations, 8 hues, grey, 4 lightnesses


@pytest.fixture
def appearance():
    return frame_encoder(BUILT_IN)


def cells(vectors: np.ndarray) -> np.ndarray:
    """[B, 16, 21], squared: the histograms themselves."""
    return vectors.reshape(len(vectors), 16, PARTS) ** 2


def plain(colour: tuple[int, int, int]) -> np.ndarray:
    return np.tile(np.array(colour, dtype=np.uint8), (40, 60, 1))


def cosine(a: np.ndarray, b: np.ndarray) -> float:
    return float(a @ b / np.linalg.norm(a) / np.linalg.norm(b))


def test_it_is_built_in_and_carries_no_weights(appearance):
    assert encoders()[0].name == BUILT_IN
    assert encoders()[0].why_not is None
    assert (appearance.name, appearance.weights) == ("appearance", None)
    assert appearance.dimension == 16 * PARTS <= 512


def test_a_black_picture_is_grey_and_dark_and_has_no_edges(appearance):
    # L = 0 lies on the first lightness bin, chroma 0 is all grey, no gradient leaves the edge bins empty.
    expected = np.zeros(PARTS)
    expected[[16, 17]] = 1.0
    np.testing.assert_allclose(
        cells(appearance.encode(plain((0, 0, 0))[None]))[0], np.tile(expected, (16, 1)), atol=1e-6
    )


def test_pure_red_lies_between_the_first_two_hues(appearance):
    # Lab of sRGB red: a 80.1, b 67.2, so atan2 gives 40.0° = 0.889 of a 45° bin;
    # chroma 104.6 / 128 > 0.4 counts in full.
    histogram = cells(appearance.encode(plain((255, 0, 0))[None]))[0, 5]
    np.testing.assert_allclose(histogram[8:17], [0.111, 0.889, 0, 0, 0, 0, 0, 0, 0], atol=2e-3)


def test_edges_fall_into_the_bin_of_their_orientation(appearance):
    # Stripes across the picture: the gradient points up and down, 90° = bin 4 of 8 over half a turn.
    rows = np.repeat(np.arange(64) // 4 % 2 * 255, 64).reshape(64, 64).astype(np.uint8)
    stripes = np.repeat(rows[..., None], 3, axis=2)
    histogram = cells(appearance.encode(np.stack([stripes, stripes.transpose(1, 0, 2)])))
    assert (histogram[0, :, 4] > 0.8).all()
    assert (histogram[1, :, 0] > 0.8).all()
    assert histogram[0, :, [0, 1, 2, 3, 5, 6, 7]].max() < 1e-6


def test_noise_on_a_wall_counts_for_little(appearance):
    wall = plain((128, 128, 128))
    noisy = np.clip(wall + np.random.default_rng(0).integers(-3, 4, wall.shape), 0, 255).astype(np.uint8)
    a, b = appearance.encode(np.stack([wall, noisy]))
    assert cosine(a, b) > 0.9


def test_another_scene_is_further_away_than_the_same_scene_moved_a_little(appearance):
    scene = plain((120, 120, 120)).copy()
    scene[10:25, 10:30] = (200, 40, 40)
    moved, other = np.roll(scene, 1, axis=1), plain((120, 120, 120)).copy()
    other[15:35, 35:55] = (40, 60, 200)
    a, b, c = appearance.encode(np.stack([scene, moved, other]))
    assert cosine(a, b) > 0.97 > cosine(a, c) + 0.05


def test_a_batch_gives_what_its_pictures_give_one_by_one(appearance):
    frames = np.random.default_rng(1).integers(0, 256, (5, 30, 50, 3), dtype=np.uint8)
    alone = np.concatenate([appearance.encode(frame[None]) for frame in frames])
    np.testing.assert_array_equal(appearance.encode(frames), alone)
    assert appearance.encode(frames[:0]).shape == (0, appearance.dimension)


def test_an_unknown_encoder_is_refused_by_name():
    with pytest.raises(
        EncoderUnavailable, match=r"no encoder 'dino'; there are appearance and open_clip:ViT-B-32/openai"
    ):
        frame_encoder("dino")
