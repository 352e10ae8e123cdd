from fractions import Fraction

import numpy as np
import pytest

from ml.cadence import Cadence, cadence_of

NTSC = Fraction(30000, 1001)


def steady(rate: Fraction | float, n: int) -> np.ndarray:
    return np.arange(n) / float(rate)


@pytest.mark.parametrize(
    "rate", [10, 25, 30, 60, 120, NTSC, Fraction(24000, 1001), Fraction(60000, 1001), Fraction(1, 2)]
)
@pytest.mark.parametrize("n", [60, 3000])
def test_a_steady_rate_is_kept(rate: Fraction, n: int) -> None:
    assert cadence_of(steady(rate, n)).fps == rate


@pytest.mark.parametrize("rate", [30, NTSC, 25, Fraction(24000, 1001)])
def test_milliseconds_do_not_hide_a_rate(rate: Fraction) -> None:
    assert cadence_of(np.round(steady(rate, 3000), 3)).fps == rate


def test_pictures_left_out_do_not_change_the_rate() -> None:
    times_s = np.delete(steady(NTSC, 3000), [*range(40, 90), 500, 1701])
    cadence = cadence_of(times_s)
    assert cadence.fps == NTSC
    assert cadence.slots(times_s).tolist() == np.round(times_s * float(NTSC)).astype(int).tolist()


def test_an_unusual_rate_stays_in_step_for_ten_hours() -> None:
    times_s = steady(29.873, 1_075_000)
    cadence = cadence_of(times_s)
    assert cadence.slots(times_s).tolist() == list(range(len(times_s)))
    assert cadence.late_s(times_s).max() < 0.001


def test_at_a_varying_rate_no_picture_is_lost_and_each_comes_at_most_a_frame_late() -> None:
    times_s = np.cumsum([0.0, *np.random.default_rng(0).uniform(0.021, 0.09, 2000)])
    cadence = cadence_of(times_s)
    assert cadence.fps <= 60
    slots = cadence.slots(times_s)
    assert np.all(np.diff(slots) >= 1)
    late_s = slots / float(cadence.fps) - times_s
    assert late_s.min() >= -0.002
    assert late_s.max() < 1 / float(cadence.fps)


def test_beyond_sixty_a_varying_rate_loses_pictures() -> None:
    times_s = np.cumsum([0.0, *np.random.default_rng(0).uniform(0.004, 0.012, 2000)])
    assert cadence_of(times_s).fps == 60


def test_a_frame_shows_what_is_on_screen_at_its_beginning() -> None:
    cadence = Cadence(Fraction(30))
    # 0.040 s is in frame 1 (0.0333 to 0.0667 s), which still shows the picture before; 0.0667 s is frame 2's beginning.
    assert [cadence.slot(t) for t in (0.0, 0.001, 0.0333, 0.034, 0.040, 0.0667)] == [0, 0, 1, 1, 2, 2]


def test_one_picture_has_a_rate_too() -> None:
    assert cadence_of(np.zeros(1)).fps == 30
