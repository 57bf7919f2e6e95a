"""Gated units: the product of two halves of the input, one of which passes through a gate.

Layer: catalog. Each is an `Activation` of two numbers, ``x`` and a parameter ``gate``, so that its
derivatives, text and LaTeX come from the expression like all others; a leading underscore keeps it
out of the scan, whose members take one number. Splitting an input into the two is left to the front
ends. Which half gates is not part of the function, and libraries disagree: PyTorch, JAX and Keras
(``glu``) and Diffusers (GEGLU) gate with the last half; vLLM's fused kernels with the first;
GPT-OSS with every other number, beginning with the first.
"""

from __future__ import annotations

import math

from rectifier.activation import Activation, Param, Source
from rectifier.catalog._entry import Advice, entry

_NAME = "rectifier.catalog.gated"
_GATE = Param(0.0, description="the half that gates")
_SHAZEER = Source(
    "Noam Shazeer",
    "GLU Variants Improve Transformer",
    2020,
    url="https://arxiv.org/abs/2002.05202",
)
_DAUPHIN = Source(
    "Yann N. Dauphin, Angela Fan, Michael Auli, David Grangier",
    "Language Modeling with Gated Convolutional Networks",
    2016,
    url="https://arxiv.org/abs/1612.08083",
    equation="h(X) = (X W + b) ⊗ σ(X V + c)",
)
_HELD = "minimum(gate, limit)"
# 0.5 (1 + tanh(v)) = sigmoid(2v), which keeps its digits where 1 + tanh has none.
_A, _B = (repr(2 * math.sqrt(2 / math.pi) * factor) for factor in (1, 0.044715))
_TANH_GATE = f"maximum(gate, -30) * sigmoid(gate * ({_A} + {_B} * gate ** 2))"


def _unit(
    name: str,
    formula: str,
    *,
    class_name: str,
    summary: str,
    source: Source,
    stable: str | None = None,
    slope: str | None = None,
    aliases: tuple[str, ...] = (),
    differs: str = "",
    **params: Param,
) -> Activation:
    return entry(
        _NAME,
        name,
        formula,
        class_name=class_name,
        summary=summary,
        source=source,
        stable=stable,
        stable_derivative=slope,
        aliases=aliases,
        differs=differs,
        params={"gate": _GATE, **params},
    )


GATED = (
    _unit(
        "glu",
        "x * sigmoid(gate)",
        class_name="GLU",
        summary="The gated linear unit: one half times the sigmoid of the other.",
        source=_DAUPHIN,
    ),
    _unit(
        "bilinear",
        "x * gate",
        class_name="Bilinear",
        summary="The product of the halves, with no function on either.",
        source=_SHAZEER,
    ),
    _unit(
        "gtu",
        "tanh(x) * sigmoid(gate)",
        class_name="GTU",
        aliases=("gated_tanh",),
        summary="The gated tanh unit: the tanh of one half times the sigmoid of the other.",
        slope="4 * sigmoid(2 * x) * sigmoid(-2 * x) * sigmoid(gate)",
        source=Source(
            "Aäron van den Oord, Nal Kalchbrenner, Oriol Vinyals, Lasse Espeholt, Alex Graves, "
            "Koray Kavukcuoglu",
            "Conditional Image Generation with PixelCNN Decoders",
            2016,
            url="https://arxiv.org/abs/1606.05328",
        ),
    ),
    _unit(
        "reglu",
        "x * maximum(gate, 0)",
        class_name="ReGLU",
        summary="One half times the ReLU of the other.",
        source=_SHAZEER,
    ),
    _unit(
        "geglu",
        "x * (gate * norm_cdf(gate))",
        class_name="GEGLU",
        summary="One half times the GELU of the other.",
        stable="x * (maximum(gate, -40) * norm_cdf(gate))",
        slope="maximum(gate, -40) * norm_cdf(gate)",
        source=_SHAZEER,
        differs="The exact GELU, as in Diffusers; T5 v1.1 has that by tanh (geglu_tanh).",
    ),
    _unit(
        "geglu_tanh",
        "x * (0.5 * gate * (1 + tanh(sqrt(2 / pi) * (gate + 0.044715 * gate ** 3))))",
        class_name="GEGLUTanh",
        aliases=("gated_gelu",),
        summary="One half times the tanh approximation of the GELU of the other.",
        stable=f"x * ({_TANH_GATE})",
        slope=_TANH_GATE,
        source=_SHAZEER,
    ),
    _unit(
        "swiglu",
        "x * (gate * sigmoid(beta * gate))",
        class_name="SwiGLU",
        aliases=("silu_and_mul",),
        summary="One half times the Swish of the other.",
        stable="x * where(beta * gate < -800, 0, gate * sigmoid(beta * gate))",
        slope="where(beta * gate < -800, 0, gate * sigmoid(beta * gate))",
        source=_SHAZEER,
        beta=Param(1.0, description="sharpness of the gate; 1 is SiLU"),
    ),
    _unit(
        "swiglu_clamped",
        f"(clip(x, -limit, limit) + 1) * ({_HELD} * sigmoid(alpha * {_HELD}))",
        class_name="ClampedSwiGLU",
        aliases=("swiglu_oai", "gpt_oss_glu"),
        summary="SwiGLU with both halves bounded and 1 added to the linear one, as in GPT-OSS.",
        stable=(
            "(clip(x, -limit, limit) + 1)"
            f" * where(alpha * {_HELD} < -800, 0, {_HELD} * sigmoid(alpha * {_HELD}))"
        ),
        source=Source(
            "OpenAI",
            "gpt-oss-120b & gpt-oss-20b Model Card",
            2025,
            url="https://arxiv.org/abs/2508.10925",
        ),
        differs="GPT-OSS interleaves the halves, the gate first: pass gate='even'.",
        alpha=Param(1.702, description="sharpness of the gate"),
        limit=Param(7.0, low=0.0, description="bound of both halves; of the gate only above"),
    ),
)

ADVICE = {
    "": Advice(
        "Feed-forward blocks of transformers, with the inner width cut to two thirds so that the "
        "number of weights stays.",
        "Where the layer cannot be made twice as wide, and small networks, whose weights are "
        "better spent plainly.",
        (
            "Shazeer 2020, arXiv:2002.05202",
            "Dauphin et al. 2016, arXiv:1612.08083",
        ),
    ),
    "swiglu": Advice(
        "The feed-forward block of today's language models.",
        "Half precision without care: the product of two halves grows as a square; there is a "
        "clamped form.",
        ("Shazeer 2020, arXiv:2002.05202",),
    ),
    "glu": Advice(
        "Convolutional sequence models.",
        "Where saturation of the sigmoid gate stops the gradient: a linear or SiLU gate trains "
        "more easily.",
        ("Dauphin et al. 2016, arXiv:1612.08083",),
    ),
}
