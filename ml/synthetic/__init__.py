"""A workstation video with exact ground truth: `plan` a take, `render` its views, `write_truth` beside them.

scene.py says where things stand and how hard the take is; motion.py what happens and when; render.py and paint.py
how it looks. The picture carries the word SYNTHETIC. Nothing of the chain reads this package.
"""

from ml.synthetic.motion import TAXONOMY, Primitive, Take, plan
from ml.synthetic.render import Renderer, render
from ml.synthetic.sample import render_sample, write_truth
from ml.synthetic.scene import DIFFICULTIES, VIEWS, SceneConfig

__all__ = [
    "DIFFICULTIES", "TAXONOMY", "VIEWS", "Primitive", "Renderer", "SceneConfig", "Take", "plan", "render",
    "render_sample", "write_truth",
]  # fmt: skip
