"""The encoder laid out for the processor: the same numbers as the trained layers, in less time."""

from __future__ import annotations

import copy
import platform
from typing import TypeVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ml.tokenizer.model import MotionTokenizer

Module = TypeVar("Module", bound=nn.Module)
ROWS_EXPECTED = 480  # 32 windows of 15 steps: the layout is best for this many rows, and right for any


class PackedLinear(nn.Module):
    """A `nn.Linear` that no longer changes, its weights in oneDNN's blocked layout and, on request, in bfloat16.

    Without the layout every call lays the matrix out anew, which is half the time of a single window. Sums are float32
    in both precisions, so a row's result does not depend on how many rows there are.
    """

    def __init__(self, linear: nn.Linear, dtype: torch.dtype) -> None:
        super().__init__()
        self.dtype = dtype
        self.weight = linear.weight.detach().to(dtype)
        self.bias = None if linear.bias is None else linear.bias.detach().to(dtype)
        self.blocked = _has_blocked_layout() and self.weight.device.type == "cpu"
        if self.blocked:
            self.weight = torch.ops.mkldnn._reorder_linear_weight(self.weight, ROWS_EXPECTED)

    def forward(self, x: Tensor) -> Tensor:
        """[..., in] float32 → [..., out] float32."""
        x = x.to(self.dtype)
        if not self.blocked:
            return F.linear(x, self.weight, self.bias).float()
        y: Tensor = torch.ops.mkldnn._linear_pointwise(x, self.weight, self.bias, "none", [], "")
        return y.float()


def packed(tokenizer: MotionTokenizer) -> MotionTokenizer:
    """A tokenizer whose `encode` computes with packed weights, in the precision its configuration names.

    Shares all else with `tokenizer`, which must not be trained while this is in use.
    """
    dtype = getattr(torch, tokenizer.config.precision)
    shallow = _shallow(tokenizer)
    for name in ("embed", "encoder"):
        shallow._modules[name] = _packed(getattr(tokenizer, name), dtype)
    return shallow


def _packed(module: nn.Module, dtype: torch.dtype) -> nn.Module:
    if isinstance(module, nn.Linear):
        return PackedLinear(module, dtype)
    shallow = _shallow(module)
    for name, child in module.named_children():
        shallow._modules[name] = _packed(child, dtype)
    return shallow


def _shallow(module: Module) -> Module:
    """The same parameters in another module, whose children can be replaced."""
    other = copy.copy(module)
    other._modules = dict(module._modules)
    return other


def _has_blocked_layout() -> bool:
    # The operators behind torch.compile's frozen graphs; they are not part of torch's documented interface.
    return (
        platform.machine() in ("x86_64", "AMD64")
        and torch.backends.mkldnn.is_available()  # type: ignore[no-untyped-call]
        and hasattr(torch.ops.mkldnn, "_linear_pointwise")
        and hasattr(torch.ops.mkldnn, "_reorder_linear_weight")
    )
