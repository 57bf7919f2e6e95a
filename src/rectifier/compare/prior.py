"""What the literature would have advised before anything was measured, by domain.

Layer: compare, standard library only. Each piece of advice names who found it and on what; it
stands beside the measurement and decides nothing.
"""

from __future__ import annotations

ADVICE = {
    "vision": (
        "For images the literature starts from relu (Krizhevsky et al. 2012, He et al. 2016); "
        "swish scored up to 0.9 points higher on ImageNet (Ramachandran et al. 2017), gelu no "
        "higher than relu in ConvNeXt (Liu et al. 2022)."
    ),
    "language": (
        "For language the literature takes gelu (Hendrycks and Gimpel 2016; BERT, GPT-2) or gated "
        "units such as SwiGLU (Shazeer 2020), one of the few changes to transformers that held up "
        "when tried alike (Narang et al. 2021)."
    ),
    "control": (
        "For control the literature uses tanh in small policies (Andrychowicz et al. 2021, from "
        "250,000 trained agents) and relu in large ones, where units fall dormant (Sokar et al. "
        "2023)."
    ),
    "series": (
        "For series the literature uses tanh and sigmoid inside recurrent cells (Hochreiter and "
        "Schmidhuber 1997); where inputs have both signs, leaky_relu, elu and gelu keep what relu "
        "drops (Maas et al. 2013; Clevert et al. 2016)."
    ),
    "tables": (
        "For tables the literature takes relu (Gorishniy et al. 2021) and lets regularisation "
        "decide (Kadra et al. 2021)."
    ),
}


def advice(domain: str) -> str:
    """The advice for a domain; empty where there is none."""
    return ADVICE.get(domain, "")
