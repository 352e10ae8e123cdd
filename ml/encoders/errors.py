"""Why an encoder cannot be used."""

from ml.errors import PipelineError


class EncoderUnavailable(PipelineError):
    """The encoder's weights are missing, damaged, or those of another model."""
