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


class VideoInUse(ApplicationError):
    code = "video_in_use"
    status = 409


class EnergyNotReady(ApplicationError):
    code = "energy_not_ready"
    status = 404
