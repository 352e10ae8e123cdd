"""What can be wrong with an input. The person who uploaded it reads the message, so it is one plain sentence."""


class PipelineError(Exception):
    """This input cannot work. `str(error)` is a sentence for the uploader; nothing in it names our code."""


class CannotDecode(PipelineError):
    """The file is not a video, holds no picture stream, or its pictures cannot be decoded."""


class TooLarge(PipelineError):
    """The picture is larger than the limits a worker can hold."""


class TooShort(PipelineError):
    """The video is shorter than one tracking window."""


class NothingMoved(PipelineError):
    """No primitive was found because nothing in the picture moved."""


class TooFewSegments(PipelineError):
    """There are fewer segments than the step needs."""


class UnusableCheckpoint(PipelineError):
    """A tokenizer checkpoint is missing, damaged, or made for another input."""


class UnusableAnnotation(PipelineError):
    """An annotation or prediction file is missing, damaged, contradicts itself, or is of no shape we read."""


class UnusableTracks(PipelineError):
    """A file of imported tracks is damaged, laid out in another way, or does not say what is needed."""


class TrackerUnavailable(PipelineError):
    """A tracker needs weights, code or a consent that is not there."""


class Cancelled(Exception):
    """Raised by a progress callback to stop a stage. Not an error of the input."""


class UnusableCuts(PipelineError):
    """Intervals a person set that cannot become segments."""


class NothingToExport(PipelineError):
    """An export would be empty."""
