"""Functions of a whole row: every output depends on several inputs along one axis.

Layer: catalog. An expression over one number cannot say these, so a record names the algorithm and
says what it is; each front end that offers it has it under the same name, and one test holds all of
them to the definitions.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from rectifier.activation import Source
from rectifier.catalog._entry import Advice
from rectifier.errors import InvalidActivationError


@dataclass(frozen=True)
class Rowwise:
    """What is known of a row-wise function.

    Args:
        name: Lower-case name; the algorithm's name in each front end.
        class_name: What its module classes are called.
        summary: One sentence on what it is.
        source: Where it comes from.
        formula: What an output is, as text; x_i are the inputs along the axis, y_i the outputs.
        jacobian: The derivative of output i by input j, as text.
        options: Whole-number options by name with their defaults; None for one that must be given.
        aliases: Other names under which it is found.
        differs: Where libraries disagree.
    """

    name: str
    class_name: str
    summary: str
    source: Source
    formula: str
    jacobian: str
    options: Mapping[str, int | None] = field(default_factory=dict)
    aliases: tuple[str, ...] = ()
    differs: str = ""
    _defaults: tuple[tuple[str, int | None], ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_defaults", tuple(self.options.items()))
        object.__setattr__(self, "options", MappingProxyType(dict(self.options)))

    def __str__(self) -> str:
        return self.name

    def chosen(self, given: Mapping[str, Any]) -> dict[str, int]:
        """Return the values of all options: those given, checked, and the defaults.

        Args:
            given: Values by name.

        Raises:
            InvalidActivationError: One is missing, unknown or not a whole number from 1.
        """
        # not of `options`, which the tracers of older frameworks cannot read
        values: dict[str, Any] = {**dict(self._defaults), **given}
        known = [name for name, _ in self._defaults]
        for name, value in values.items():
            whole = isinstance(value, int) and not isinstance(value, bool) and value >= 1
            if name not in known or not whole:
                raise InvalidActivationError(
                    f"{self.name} takes {', '.join(self.options) or 'no options'}, whole numbers "
                    f"from 1; got {name}={value!r}."
                )
        return {name: int(value) for name, value in values.items() if value is not None}


_BRIDLE = Source(
    "John S. Bridle",
    "Probabilistic Interpretation of Feedforward Classification Network Outputs, with "
    "Relationships to Statistical Pattern Recognition",
    1990,
    url="https://doi.org/10.1007/978-3-642-76153-9_28",
)

ROWWISE = (
    Rowwise(
        "softmax",
        "Softmax",
        "Exponentials divided by their sum: positive numbers that sum to 1.",
        _BRIDLE,
        formula="y_i = exp(x_i) / Σ_k exp(x_k)",
        jacobian="y_i (δ_ij − y_j)",
        aliases=("softmax2d",),
        differs="torch.nn.Softmax2d is the same along the channels, dimension -3; give that.",
    ),
    Rowwise(
        "log_softmax",
        "LogSoftmax",
        "The logarithm of softmax, accurate where softmax underflows.",
        _BRIDLE,
        formula="y_i = x_i − log Σ_k exp(x_k)",
        jacobian="δ_ij − exp(y_j)",
        aliases=("logsoftmax",),
    ),
    Rowwise(
        "softmin",
        "Softmin",
        "Softmax of the negated input: large for what is small.",
        _BRIDLE,
        formula="y_i = exp(−x_i) / Σ_k exp(−x_k)",
        jacobian="−y_i (δ_ij − y_j)",
    ),
    Rowwise(
        "sparsemax",
        "Sparsemax",
        "The nearest point of the probability simplex: like softmax, with exact zeros.",
        Source(
            "André F. T. Martins, Ramón Fernandez Astudillo",
            "From Softmax to Sparsemax: A Sparse Model of Attention and Multi-Label Classification",
            2016,
            url="https://arxiv.org/abs/1602.02068",
            equation="sparsemax(z) = argmin ‖p - z‖² over the simplex",
        ),
        formula="y_i = max(x_i − τ, 0), with τ so that Σ_i y_i = 1",
        jacobian="δ_ij − 1 / |S| for i and j in S, the places where y is not 0, else 0",
    ),
    Rowwise(
        "entmax15",
        "Entmax15",
        "Between softmax and sparsemax, at alpha 1.5: exact zeros and a smooth onset.",
        Source(
            "Ben Peters, Vlad Niculae, André F. T. Martins",
            "Sparse Sequence-to-Sequence Models",
            2019,
            url="https://arxiv.org/abs/1905.05702",
        ),
        formula="y_i = max(x_i / 2 − τ, 0)², with τ so that Σ_i y_i = 1",
        jacobian="s_i (δ_ij − s_j / Σ_k s_k) with s = √y",
        aliases=("entmax",),
    ),
    Rowwise(
        "crelu",
        "CReLU",
        "The ReLUs of the input and of its negative, one behind the other: twice as many outputs.",
        Source(
            "Wenling Shang, Kihyuk Sohn, Diogo Almeida, Honglak Lee",
            "Understanding and Improving Convolutional Neural Networks via Concatenated Rectified "
            "Linear Units",
            2016,
            url="https://arxiv.org/abs/1603.05201",
        ),
        formula="y = (max(x_1, 0), …, max(x_n, 0), max(−x_1, 0), …, max(−x_n, 0))",
        jacobian="1 for i = j where x_j > 0, −1 for i = n + j where x_j < 0, else 0",
        aliases=("concatenated_relu",),
    ),
    Rowwise(
        "maxout",
        "Maxout",
        "The largest of each group of neighbouring inputs: fewer outputs.",
        Source(
            "Ian J. Goodfellow, David Warde-Farley, Mehdi Mirza, Aaron Courville, Yoshua Bengio",
            "Maxout Networks",
            2013,
            url="https://arxiv.org/abs/1302.4389",
        ),
        formula="y_i = max(x_k for k in group i), groups of `pieces` neighbours",
        jacobian="1 for the largest input of group i, else 0",
        options={"pieces": 2},
        differs="A group is made of neighbours; some libraries take every n-th input instead.",
    ),
    Rowwise(
        "topk",
        "TopK",
        "Keeps the k largest inputs and drops the rest.",
        Source(
            "Alireza Makhzani, Brendan Frey",
            "k-Sparse Autoencoders",
            2013,
            url="https://arxiv.org/abs/1312.5663",
        ),
        formula="y_i = x_i if x_i is one of the k largest of its row, else 0",
        jacobian="1 where i = j and x_i is kept, else 0",
        options={"k": None},
        aliases=("top_k", "k_sparse"),
        differs="Negative numbers among the k largest are kept as they are.",
    ),
    Rowwise(
        "batch_topk",
        "BatchTopK",
        "Keeps the k largest inputs per row, counted over all rows, and drops the rest.",
        Source(
            "Bart Bussmann, Patrick Leask, Neel Nanda",
            "BatchTopK Sparse Autoencoders",
            2024,
            url="https://arxiv.org/abs/2412.06410",
        ),
        formula="y_i = x_i if x_i is one of the k n largest of all n rows, else 0",
        jacobian="1 where i = j and x_i is kept, else 0",
        options={"k": None},
        aliases=("batch_top_k",),
        differs="The paper evaluates with a threshold averaged over training; the module of the "
        "PyTorch front end does so.",
    ),
)

ADVICE = {
    "": Advice(
        "Probabilities over classes or positions.",
        "Hidden layers; and before a loss that takes logits, where it is applied twice.",
        ("Bridle 1990",),
    ),
    "softmax": Advice(
        "Attention weights and class probabilities shown to people.",
        "Before a cross-entropy that takes logits: it is applied twice then.",
        ("Bridle 1990",),
    ),
    "log_softmax": Advice(
        "Losses on log-probabilities.",
        "As probabilities: take softmax.",
        ("Bridle 1990",),
    ),
    "sparsemax": Advice(
        "Attention or class weights of which most should be exactly 0.",
        "Where every class must keep a gradient.",
        ("Martins, Astudillo 2016, arXiv:1602.02068",),
    ),
    "entmax15": Advice(
        "Between softmax and sparsemax: sparse, but smooth in between.",
        "Where every class must keep a gradient.",
        ("Peters et al. 2019, arXiv:1905.05702",),
    ),
    "maxout": Advice(
        "With dropout: each unit learns a convex shape.",
        "Where the weights of several pieces cost too much.",
        ("Goodfellow et al. 2013, arXiv:1302.4389",),
    ),
    "crelu": Advice(
        "First layers of convolutional networks, whose filters come in pairs of opposite sign.",
        "Where doubling the channels costs too much.",
        ("Shang et al. 2016, arXiv:1603.05201",),
    ),
    "topk": Advice(
        "Sparse autoencoders with a fixed number of active features.",
        "Ordinary hidden layers: which units get a gradient jumps from input to input.",
        ("Gao et al. 2024, arXiv:2406.04093",),
    ),
}
