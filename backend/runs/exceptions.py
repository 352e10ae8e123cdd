from backend.common.errors import ApplicationError


class NoReadyVideos(ApplicationError):
    code = "no_ready_videos"
    status = 400


class RunAlreadyActive(ApplicationError):
    code = "run_already_active"
    status = 409


class RunNotActive(ApplicationError):
    code = "run_not_active"
    status = 409


class SameClusters(ApplicationError):
    code = "same_clusters"
    status = 409


class NothingToRetry(ApplicationError):
    code = "nothing_to_retry"
    status = 409


class TokenizerUnavailable(ApplicationError):
    code = "tokenizer_unavailable"
    status = 400


class NotClustered(ApplicationError):
    code = "not_clustered"
    status = 409


class CoherenceUnderWay(ApplicationError):
    code = "coherence_under_way"
    status = 409


class NotCalibrated(ApplicationError):
    """A run is kept with its thresholds, so it needs some."""

    code = "not_calibrated"
    status = 409


class BadSettings(ApplicationError):
    """A setting outside its range."""

    code = "bad_settings"
    status = 400


class BadCuts(ApplicationError):
    """Intervals set by hand that cannot become primitives."""

    code = "bad_cuts"
    status = 400


class VideoInUse(ApplicationError):
    code = "video_in_use"
    status = 409


class EnergyNotReady(ApplicationError):
    code = "energy_not_ready"
    status = 404


class NothingToAlign(ApplicationError):
    code = "nothing_to_align"
    status = 409
