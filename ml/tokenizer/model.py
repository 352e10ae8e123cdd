"""MotionTokenizer (§3.1): causal Transformer encoder, FSQ, and a decoder that predicts where each point goes.

The paper leaves the architecture to its supplement; what is here follows the published code's shape, and preset
`paper` has its 30,232,805 parameters.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ml.config import TokenizerConfig
from ml.tokenizer.fsq import FSQ

INIT_STD = 0.02
# What every step holds before motion is added. A LayerNorm brings each step to one length, so where this is small a
# still step is nothing but its tracking noise, blown up: its codes jump about and its energy is that of a fast motion.
REST_STD = 0.4
EMBEDDING_SHARE = 0.2  # weight of the point and view embeddings beside the decoder's state


@dataclass(frozen=True)
class Normalisation:
    """From velocities in half picture heights to what the model takes and predicts. One for training and inference.

    px_per_half_height: half the reference height, so a displacement counts in reference pixels.
    input_scale_px: reference pixels that the encoder sees as 1; the root mean square of the training velocities.
    """

    px_per_half_height: float = 240.0
    input_scale_px: float = 1.0

    def __post_init__(self) -> None:
        if not (self.px_per_half_height > 0 and self.input_scale_px > 0):
            raise ValueError("a normalisation needs positive scales")


class Attention(nn.Module):
    """Multi-head attention without biases; keys and values come from `context`."""

    def __init__(self, d_m: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.heads, self.dropout = heads, dropout
        self.query = nn.Linear(d_m, d_m, bias=False)
        self.key_value = nn.Linear(d_m, 2 * d_m, bias=False)
        self.out = nn.Linear(d_m, d_m, bias=False)

    def forward(self, x: Tensor, context: Tensor, causal: bool = False) -> Tensor:
        """x [B, T, d_m] looks at context [B, S, d_m]; causal needs S = T."""
        q = self._split(self.query(x))  # [B, H, T, d_m / H]
        k, v = (self._split(part) for part in self.key_value(context).chunk(2, dim=-1))
        dropout = self.dropout if self.training else 0.0
        mixed = F.scaled_dot_product_attention(q, k, v, dropout_p=dropout, is_causal=causal)
        out: Tensor = self.out(mixed.transpose(1, 2).flatten(2))
        return out

    def _split(self, x: Tensor) -> Tensor:
        B, T, _ = x.shape
        return x.view(B, T, self.heads, -1).transpose(1, 2)


class MLP(nn.Module):
    """d_m → ratio · d_m → d_m with GELU, no biases."""

    def __init__(self, d_m: int, ratio: int) -> None:
        super().__init__()
        self.widen = nn.Linear(d_m, ratio * d_m, bias=False)
        self.out = nn.Linear(ratio * d_m, d_m, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """[..., d] → [..., d]: widen, GELU, back."""
        out: Tensor = self.out(F.gelu(self.widen(x)))
        return out


class EncoderBlock(nn.Module):
    """Pre-LN causal self-attention and MLP."""

    def __init__(self, config: TokenizerConfig) -> None:
        super().__init__()
        d_m = config.d_m
        self.norm_attention = nn.LayerNorm(d_m, bias=False)
        self.attention = Attention(d_m, config.heads, config.dropout)
        self.norm_mlp = nn.LayerNorm(d_m, bias=False)
        self.mlp = MLP(d_m, config.mlp_ratio)
        self.drop = nn.Dropout(config.dropout)

    def forward(self, x: Tensor) -> Tensor:
        """[B, T, d_m] → [B, T, d_m]."""
        y = self.norm_attention(x)
        x = x + self.drop(self.attention(y, y, causal=True))
        out: Tensor = x + self.drop(self.mlp(self.norm_mlp(x)))
        return out


class DecoderBlock(nn.Module):
    """Self-attention, MLP, cross-attention to the codes, MLP; nothing is masked."""

    def __init__(self, config: TokenizerConfig) -> None:
        super().__init__()
        d_m = config.d_m
        self.norms = nn.ModuleList(nn.LayerNorm(d_m, bias=False) for _ in range(4))
        self.attention = Attention(d_m, config.heads, config.dropout)
        self.mlp = MLP(d_m, config.mlp_ratio)
        self.cross = Attention(d_m, config.heads, config.dropout)
        self.cross_mlp = MLP(d_m, config.mlp_ratio)
        self.drop = nn.Dropout(config.dropout)

    def forward(self, x: Tensor, z_q: Tensor) -> Tensor:
        """x [B, T, d_m], z_q [B, T, d_m] → [B, T, d_m]."""
        y = self.norms[0](x)
        x = x + self.drop(self.attention(y, y))
        x = x + self.drop(self.mlp(self.norms[1](x)))
        x = x + self.drop(self.cross(self.norms[2](x), z_q))
        out: Tensor = x + self.drop(self.cross_mlp(self.norms[3](x)))
        return out


class PointHead(nn.Module):
    """Class scores of each point at each step, from the decoder's state and who the point is.

    Written out (`naive`): concat[state, 0.2 · point, 0.2 · view] → hidden → ReLU → d_m, plus the state, → classes.
    Since every map but the ReLU is linear, `forward` computes the same with a_t + b_n before the ReLU and one fused
    matrix after it: B·T·N rows of `head_hidden` numbers instead of 3·d_m.
    """

    def __init__(self, config: TokenizerConfig) -> None:
        super().__init__()
        d_m = config.d_m
        self.points = nn.Parameter(torch.empty(config.n_points, d_m))
        self.view = nn.Parameter(torch.empty(1, d_m))  # one view is trained at a time
        self.hidden = nn.Linear(3 * d_m, config.head_hidden)
        self.back = nn.Linear(config.head_hidden, d_m)
        self.classes = nn.Linear(d_m, config.displacement_bins**2)

    def forward(self, state: Tensor, points: Tensor | None = None) -> Tensor:
        """state [B, T, d_m] → scores [B, T, P, classes] of the points with indices `points` [P], all when None."""
        of_state, of_point, fused, base = self.split(state, points)
        active = torch.relu(of_state[:, :, None] + of_point)  # [B, T, P, hidden]
        scores: Tensor = active @ fused.T + base[:, :, None]
        return scores

    def split(self, state: Tensor, points: Tensor | None = None) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """a [B, T, hidden], b [P, hidden], fused [classes, hidden], base [B, T, classes]: the scores are
        relu(a + b) @ fused.T + base."""
        who = self.points if points is None else self.points[points]
        of_state, of_point, of_view = self.hidden.weight.chunk(3, dim=1)  # each [hidden, d_m]
        b = EMBEDDING_SHARE * (who @ of_point.T + self.view @ of_view.T) + self.hidden.bias
        return state @ of_state.T, b, self.classes.weight @ self.back.weight, self.classes(state + self.back.bias)

    def naive(self, state: Tensor) -> Tensor:
        """The same scores for all points as the layers are described; slow, kept as the definition tests compare to."""
        B, T, d_m = state.shape
        N = len(self.points)
        parts = [
            state[:, :, None].expand(B, T, N, d_m),
            EMBEDDING_SHARE * self.points.expand(B, T, N, d_m),
            EMBEDDING_SHARE * self.view.expand(B, T, N, d_m),
        ]
        hidden = torch.relu(self.hidden(torch.cat(parts, dim=-1)))
        scores: Tensor = self.classes(state[:, :, None] + self.back(hidden))
        return scores


class MotionTokenizer(nn.Module):
    """M_θ: velocities of a window → one code per step (encode), codes → class scores per point (decode)."""

    def __init__(self, config: TokenizerConfig, normalisation: Normalisation | None = None) -> None:
        super().__init__()
        self.config = config
        self.normalisation = normalisation or Normalisation(config.reference_px / 2)
        self.digest: str | None = None  # of the checkpoint this was loaded from; None while it is only in memory
        d_m = config.d_m
        self.embed = nn.Linear(2 * config.n_points, d_m)
        self.positions = nn.Parameter(torch.empty(config.n_steps, d_m))
        self.encoder = nn.ModuleList(EncoderBlock(config) for _ in range(config.layers))
        self.norm = nn.LayerNorm(d_m, bias=False)
        self.fsq = FSQ(d_m, config.levels)
        self.decoder_positions = nn.Parameter(torch.empty(config.n_steps, d_m))
        self.decoder = nn.ModuleList(DecoderBlock(config) for _ in range(config.decoder_layers))
        self.decoder_norm = nn.LayerNorm(d_m, bias=False)
        self.head = PointHead(config)
        self._initialise()

    def _initialise(self) -> None:
        """N(0, 0.02); what writes into a residual stream is scaled by 1/√(2·layers). FSQ keeps its own."""
        for name, parameter in self.named_parameters():
            if name.startswith("fsq.") or "norm" in name:
                continue
            if name == "embed.bias":
                nn.init.normal_(parameter, std=REST_STD)
                continue
            if name.endswith(".bias"):
                nn.init.zeros_(parameter)
                continue
            layers = self.config.decoder_layers if name.startswith("decoder.") else self.config.layers
            residual = name.endswith(".out.weight")
            nn.init.normal_(parameter, std=INIT_STD / math.sqrt(2 * layers) if residual else INIT_STD)

    def inputs(self, velocities: Tensor, visible: Tensor) -> Tensor:
        """What the encoder takes, [B, T-1, 2N], from velocities [B, T-1, N, 2] in half picture heights per step.

        A step whose point is not visible at both ends, visible [B, T-1, N] False, counts as no motion.
        """
        scale = self.normalisation.px_per_half_height / self.normalisation.input_scale_px
        return (velocities * scale * visible[..., None]).flatten(2)

    def targets(self, velocities: Tensor) -> Tensor:
        """Class of each displacement, [B, T-1, N] int64: row · bins + column, in whole reference pixels.

        velocities [B, T-1, N, 2] in half picture heights. Rounded half to even, clamped to the grid (±7 of 15).
        """
        reach = self.config.displacement_bins // 2
        px = (velocities * self.normalisation.px_per_half_height).round().clamp(-reach, reach).long() + reach
        return px[..., 1] * self.config.displacement_bins + px[..., 0]

    def encode(self, velocities: Tensor, visible: Tensor) -> Tensor:
        """z before quantisation, [B, T-1, d_m]. Causal: step t sees steps up to t only."""
        x: Tensor = self.embed(self.inputs(velocities, visible)) + self.positions
        for block in self.encoder:
            x = block(x)
        z: Tensor = self.norm(x)
        return z

    def quantise(self, z: Tensor) -> tuple[Tensor, Tensor]:
        """z [B, T-1, d_m] → z_q, the same shape, and codes [B, T-1] int32 in 0..n_codes-1."""
        if self.training and self.config.noise > 0:
            z = z + self.config.noise * torch.randn_like(z)
        z_q, codes = self.fsq(z)
        return z_q, codes

    def decode(self, z_q: Tensor) -> Tensor:
        """The decoder's state of each step, [B, T-1, d_m], from z_q [B, T-1, d_m]; `head` turns it into scores."""
        x = self.decoder_positions.expand(len(z_q), -1, -1)
        if self.config.decoder_start == "codes":
            x = x + z_q
        for block in self.decoder:
            x = block(x, z_q)
        state: Tensor = self.decoder_norm(x)
        return state

    def forward(self, velocities: Tensor, visible: Tensor, points: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Class scores [B, T-1, P, bins²] of the points with indices `points` [P] (all when None), codes [B, T-1]."""
        z_q, codes = self.quantise(self.encode(velocities, visible))
        return self.head(self.decode(z_q), points), codes

    def codebook(self) -> Tensor:
        """z_q of every code, [n_codes, d_m] float32."""
        with torch.no_grad():
            return self.fsq.codebook()

    @property
    def n_parameters(self) -> int:
        """Weights of encoder, quantiser and decoder together."""
        return sum(parameter.numel() for parameter in self.parameters())
