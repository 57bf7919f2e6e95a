"""Prices of houses as a table might have them: skewed features, an interaction, a ceiling.

Layer: data. Made by a procedure after the well-known Californian census table (eight features,
prices cut off at the top), so that it needs no download; the numbers are not that table's.
"""

from __future__ import annotations

import numpy as np

from rectifier.data.dataset import Dataset, split
from rectifier.data.task import Task


def load(seed: int, *, districts: int = 4000, noise: float = 0.25) -> Dataset:
    """Fresh districts for a seed, split 60 : 20 : 20, everything scaled by the training part.

    Args:
        seed: Decides every district.
        districts: How many in all.
        noise: Standard deviation of what no feature explains, in units of the logarithmic price.
    """
    draw = np.random.default_rng(np.random.SeedSequence([seed, 4]))
    income = draw.lognormal(1.2, 0.45, districts)
    age = draw.uniform(1, 52, districts)
    rooms = draw.lognormal(1.65, 0.25, districts)
    bedrooms = rooms * draw.uniform(0.15, 0.3, districts)
    people = draw.lognormal(7.0, 0.7, districts)
    household = draw.lognormal(1.05, 0.25, districts)
    north, east = draw.uniform(-1, 1, districts), draw.uniform(-1, 1, districts)
    coast = np.exp(-3 * np.abs(east + 0.6 * np.sin(2.5 * north)))
    crowd = np.exp(-8 * ((north - 0.5) ** 2 + (east + 0.2) ** 2))
    price = 0.75 * np.log(income) * (1 + 0.4 * coast) + 0.9 * coast + 0.7 * crowd
    price += 0.004 * age - 0.5 * np.log(household) + 0.3 * np.tanh(2 * (bedrooms - 1.1))
    price = np.minimum(np.exp(price + draw.normal(0, noise, districts)), 9.0)
    columns = [income, age, rooms, bedrooms, people, household, north, east]
    table = np.column_stack(columns)
    # The columns differ by a thousandfold, and one scale for all would leave only the largest.
    table = (table - table.mean(axis=0)) / table.std(axis=0)
    return split(table, price, seed)


TASK = Task(
    "housing",
    load,
    target=0.75,
    summary="prices of houses from eight skewed features, made by a procedure; regression",
    source="own procedure in the likeness of R. Pace and R. Barry (1997), Sparse spatial "
    "autoregressions",
    licence="made here",
    domain="tables",
)
