"""Policies that keep units alive while a network goes on learning, one file each.

Layer: above `rectifier.doctor.remedies`, whose `recycle` they use, on the interception's sites. A
policy is one line: it steps itself with the optimiser, from when it is made until it is closed.

Names are the field's: `ReDo` (Sokar et al. 2023), `ContinualBackprop` (Dohare et al. 2024),
`DeadLatents` (sparse autoencoders); `dormant_ratio`, `srank` and `effective_rank` only measure.
"""

from __future__ import annotations

from rectifier.policies.continual_backprop import ContinualBackprop
from rectifier.policies.dead_latents import DeadLatents
from rectifier.policies.measures import dormant_ratio, effective_rank, srank
from rectifier.policies.redo import ReDo

__all__ = [
    "ContinualBackprop",
    "DeadLatents",
    "ReDo",
    "dormant_ratio",
    "effective_rank",
    "srank",
]
