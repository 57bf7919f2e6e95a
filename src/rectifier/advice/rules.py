"""The rules: when they hold, what they advise, who says so, which claims bear on them.

Layer: advice, no framework. Within a topic the first rule that holds is the answer, so the special
ones stand before the general; the others that hold are told beside it. A source is the first that
said or measured it, not who repeated it; where only the article says so, it is named as such. The
table is long and one: the order of its rules is part of what they say.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from rectifier.advice.case import Case

Topic = Literal[
    "activation", "initialisation", "normalisation", "learning rate", "output", "monitor"
]
TOPICS: tuple[Topic, ...] = (
    "activation",
    "initialisation",
    "normalisation",
    "learning rate",
    "output",
    "monitor",
)
Side = Literal["for", "against", "about"]
ARTICLE = "the article, sections 10 and 11"


@dataclass(frozen=True)
class Rule:
    """A piece of advice.

    Attributes:
        topic: What it is about. ``choice``: what to take.
        why: One sentence.
        source: Who says so.
        claims: Numbers of the ledger's claims that bear on it: if true, they speak for it.
        holds: For which cases.
        against: Those of the claims that speak against it if true.
        about: Those that speak neither for nor against it, whatever comes of them.
    """

    topic: Topic
    choice: str
    why: str
    source: str
    claims: tuple[str, ...]
    holds: Callable[[Case], bool]
    against: tuple[str, ...] = ()
    about: tuple[str, ...] = ()

    def side(self, claim: str) -> Side:
        """How a claim stands to the advice, if it is true."""
        if claim in self.against:
            return "against"
        return "about" if claim in self.about else "for"


def _shallow_policy(case: Case) -> bool:
    """Where what was measured for policies applies, and what it costs does not count."""
    return case.domain == "rl" and case.prefer == "accuracy" and not case.deep


RULES: tuple[Rule, ...] = (
    # Activation
    Rule(
        "activation", "sine",
        "Sines of coordinates keep the fine detail of an image, a sound or a shape, which ReLU "
        "smooths away.",
        "Sitzmann et al. (2020), Implicit Neural Representations with Periodic Activation "
        "Functions, section 4",
        (),
        lambda c: c.of_sines,
    ),
    Rule(
        "activation", "tanh",
        "Times a sigmoid it is one gated unit, which did better than ReLU on sound; swap neither "
        "half alone.",
        "van den Oord et al. (2016), WaveNet: A Generative Model for Raw Audio, section 2.3",
        (),
        lambda c: "tanh" in c.gated and c.domain != "rnn",
    ),
    Rule(
        "activation", "relu",
        "It is exact in integers and the cheapest there is; where a curve is wanted, hardswish.",
        "Howard et al. (2019), Searching for MobileNetV3, section 5.2",
        ("C13", "C12"),
        lambda c: c.edge and c.domain != "rnn",  # a gated cell is defined with its functions
        about=("C13", "C12"),
    ),
    Rule(
        "activation", "relu",
        "A plain cell may have it, if its recurrent weights start as the identity and gradients "
        "are clipped.",
        "Le, Jaitly and Hinton (2015), A Simple Way to Initialize Recurrent Networks",
        ("C40",),
        lambda c: c.plain_rectified_cell,
        about=("C40",),
    ),
    Rule(
        "activation", "tanh",
        "A gated cell is defined with tanh and sigmoid; a plain one may have relu if its recurrent "
        "weights start as the identity and gradients are clipped.",
        "Hochreiter and Schmidhuber (1997); Le, Jaitly and Hinton (2015)",
        ("C40",),
        lambda c: c.domain == "rnn",
        against=("C40",),
    ),
    Rule(
        "activation", "swiglu",
        "At equal numbers of weights gated feed-forward layers had the lowest loss.",
        "Shazeer (2020), GLU Variants Improve Transformer, table 1",
        ("C32",),
        lambda c: c.domain == "transformer" and c.prefer == "accuracy",
        about=("C32",),  # of GELU and ReLU without a gate
    ),
    Rule(
        "activation", "relu",
        "It costs little quality and leaves most outputs zero, which inference can skip.",
        "Mirzadeh et al. (2023), ReLU Strikes Back",
        ("C12", "C32", "C13"),
        lambda c: c.domain == "transformer" and c.prefer == "speed",
        against=("C32",),
        about=("C12", "C13"),
    ),
    Rule(
        "activation", "gelu",
        "It is what BERT, GPT-2 and ViT were tuned with.",
        "Devlin et al. (2019); Radford et al. (2019); Dosovitskiy et al. (2021)",
        ("C32",),
        lambda c: c.domain == "transformer",
        about=("C32",),  # what contradicts it is that T5 began with ReLU
    ),
    Rule(
        "activation", "tanh",
        "Of what was tried in policies for continuous control it did best and ReLU worst, in a "
        "study of 250,000 agents; for networks that are not deep.",
        "Andrychowicz et al. (2020), What Matters In On-Policy Reinforcement Learning, section 3.2",
        (),
        _shallow_policy,
    ),
    Rule(
        "activation", "relu",
        "AlphaZero's networks have it, with tanh for the value at the end.",
        "Silver et al. (2018), A general reinforcement learning algorithm, methods",
        ("C17",),
        lambda c: c.domain == "rl",
        about=("C17",),
    ),
    Rule(
        "activation", "leaky_relu",
        "Negative values carry meaning here, and a leaky slope lets them through.",
        ARTICLE,
        ("C22", "C23"),
        lambda c: c.signed_inputs or c.domain == "series",
    ),
    Rule(
        "activation", "selu",
        "It keeps mean and variance by itself, so a deep network needs no normalisation.",
        "Klambauer et al. (2017), Self-Normalizing Neural Networks",
        ("C30", "C08"),
        lambda c: c.deep and c.bare and c.domain == "mlp",
        about=("C08",),
    ),
    Rule(
        "activation", "silu",
        "It was somewhat more accurate than ReLU in deep image networks; expect little.",
        "Ramachandran, Zoph and Le (2017), Searching for Activation Functions",
        ("C29", "C33", "C27", "C43"),
        lambda c: c.domain == "cnn" and c.prefer == "accuracy",
        against=("C27", "C43"),
    ),
    Rule(
        "activation", "relu",
        "In convolutional networks nothing beats it by much when all are tuned.",
        ARTICLE,
        ("C33", "C38", "C43"),
        lambda c: c.domain == "cnn",
        against=("C38",),
    ),
    Rule(
        "activation", "relu",
        "Plain ReLU networks, well regularised, keep up with special ones on tables.",
        "Gorishniy et al. (2021), Revisiting Deep Learning Models for Tabular Data; Kadra et al. "
        "(2021), Well-tuned Simple Nets Excel on Tabular Datasets",
        ("C43",),
        lambda c: c.domain == "tables",
    ),
    Rule(
        "activation", "gelu",
        "Smooth ones are often a little better where cost does not count; measure it.",
        ARTICLE,
        ("C43", "C28"),
        lambda c: c.prefer == "accuracy",
        against=("C43",),
        about=("C28",),  # Mish above ReLU speaks for it, Mish above GELU against it
    ),
    Rule(
        "activation", "relu",
        "A sound first choice; change it when something measured says so.",
        ARTICLE,
        ("C43", "C13"),
        lambda c: True,
        about=("C13",),
    ),
    # Initialisation
    Rule(
        "initialisation", "U(±√(6/n)/ω), ω being what each sine multiplies its input by, often 30",
        "What a sine is given then stays alike through the layers; other scales do not train.",
        "Sitzmann et al. (2020), Implicit Neural Representations with Periodic Activation "
        "Functions, section 3.2",
        (),
        lambda c: c.of_sines,
    ),
    Rule(
        "initialisation", "identity",
        "A plain ReLU cell neither forgets nor explodes from it.",
        "Le, Jaitly and Hinton (2015), A Simple Way to Initialize Recurrent Networks",
        ("C40",),
        lambda c: c.plain_rectified_cell,
        about=("C40",),
    ),
    Rule(
        "initialisation", "the cell's own; an LSTM's forget gate with a bias of 1",
        "The gate then starts open, so that a gradient gets far back in time.",
        "Jozefowicz, Zaremba and Sutskever (2015), An Empirical Exploration of Recurrent Network "
        "Architectures",
        (),
        lambda c: c.domain == "rnn",
    ),
    Rule(
        "initialisation", "N(0, 0.02²), divided by √(2 · layers) before each shortcut",
        "Sums over many shortcuts then start in range.",
        "Radford et al. (2019), Language Models are Unsupervised Multitask Learners, section 2.3",
        (),
        lambda c: c.domain == "transformer",
    ),
    Rule(
        "initialisation", "xavier_normal, the policy's last layer 100 times smaller",
        "Its first actions then hardly hang on what it sees, which alone brought two thirds more "
        "on the hardest of five tasks; the rest suits tanh.",
        "Andrychowicz et al. (2020), What Matters In On-Policy Reinforcement Learning, section "
        "3.2; Glorot and Bengio (2010)",
        (),
        _shallow_policy,
    ),
    Rule(
        "initialisation", "lecun_normal",
        "SELU's fixed point needs weights of variance one over the inputs.",
        "Klambauer et al. (2017), Self-Normalizing Neural Networks",
        ("C30",),
        lambda c: c.deep and c.bare and c.domain == "mlp",
    ),
    Rule(
        "initialisation", "randomized_asymmetric",
        "A network this narrow and deep is often dead from the start with symmetric weights.",
        "Lu et al. (2020), Dying ReLU and Initialization",
        ("C17",),
        lambda c: (c.born_dead or 0.0) > 0.05 and c.batch_norm is not True and not c.other_norm
        and not c.residual
        and (not c.activations or "relu" in c.activations),
        about=("C17",),
    ),
    Rule(
        "initialisation", "he_normal",
        "It keeps the variance through rectified layers, at any depth.",
        "He et al. (2015), Delving Deep into Rectifiers, section 2.2",
        ("C09", "C18"),
        lambda c: c.domain not in ("transformer", "rnn"),
    ),
    # Normalisation
    Rule(
        "normalisation", "layer normalisation before each part",
        "Pre-norm transformers train without a warm-up that they cannot do without otherwise.",
        "Xiong et al. (2020), On Layer Normalization in the Transformer Architecture",
        (),
        lambda c: c.domain == "transformer",
    ),
    Rule(
        "normalisation", "none in the cell; clip the gradient's norm to 1",
        "Recurrence multiplies gradients; clipping keeps one bad step from ending the training.",
        "Pascanu, Mikolov and Bengio (2013), On the difficulty of training RNNs",
        ("C20",),
        lambda c: c.domain == "rnn",
    ),
    Rule(
        "normalisation", "layer normalisation",
        "Data change while an agent learns, which batch statistics lag behind; layer normalisation "
        "keeps units plastic.",
        "Lyle et al. (2023), Understanding Plasticity in Neural Networks",
        ("C17",),
        lambda c: c.domain == "rl",
        about=("C17",),
    ),
    Rule(
        "normalisation", "none; alpha dropout where dropout is wanted",
        "SELU normalises by itself, and batch normalisation would take its place.",
        "Klambauer et al. (2017), Self-Normalizing Neural Networks",
        ("C30",),
        lambda c: c.deep and c.bare and c.domain == "mlp",
    ),
    Rule(
        "normalisation", "keep batch normalisation and add shortcuts around it",
        "By itself it makes gradients grow from layer to layer, so that deep networks without "
        "shortcuts train badly.",
        "Yang et al. (2019), A Mean Field Theory of Batch Normalization; He et al. (2016), Deep "
        "Residual Learning, section 4.1",
        ("C08", "C18", "C20"),
        lambda c: c.deep and c.batch_norm is True and c.residual is False,
        about=("C08", "C18", "C20"),  # the two last were tried in networks that are not deep
    ),
    Rule(
        "normalisation", "keep batch normalisation, before each activation",
        "Pre-activations stay on both sides of zero, so few units die.",
        "Ioffe and Szegedy (2015), Batch Normalization",
        ("C18", "C20"),
        lambda c: c.batch_norm is True,
    ),
    Rule(
        "normalisation", "keep the normalisation that is there, before each activation",
        "It keeps pre-activations in range as batch normalisation does, and does not hang on the "
        "batch.",
        "Ba, Kiros and Hinton (2016), Layer Normalization; Wu and He (2018), Group Normalization",
        ("C18", "C20"),
        lambda c: bool(c.other_norm),
        about=("C18", "C20"),  # they are about batch normalisation
    ),
    Rule(
        "normalisation", "add shortcuts, with batch normalisation in their branches",
        "Without shortcuts a network this deep depends on its weights' scale alone; batch "
        "normalisation without them makes gradients grow from layer to layer.",
        "He et al. (2016), Deep Residual Learning, section 4.1; Yang et al. (2019), A Mean Field "
        "Theory of Batch Normalization",
        ("C08", "C18", "C20"),
        lambda c: c.deep and not c.residual and c.batch_norm is not True and not c.other_norm,
        about=("C08", "C18", "C20"),
    ),
    Rule(
        "normalisation", "batch normalisation before each activation",
        "It makes the learning rate matter less and keeps units alive.",
        "Ioffe and Szegedy (2015), Batch Normalization",
        ("C18", "C20"),
        lambda c: c.batch_norm is not True and not c.other_norm
        and (bool(c.residual) if c.deep else c.domain == "cnn"),
    ),
    Rule(
        "normalisation", "none needed; inputs of mean 0 and variance 1",
        "A shallow network with well scaled weights does without.",
        "LeCun, Bottou, Orr and Müller (1998), Efficient BackProp",
        ("C19",),
        lambda c: not c.deep and c.batch_norm is not True and not c.other_norm
        and c.domain not in ("transformer", "rnn", "rl"),
        about=("C19",),
    ),
    # Learning rate
    Rule(
        "learning rate", "Adam 1e-5 to 1e-3, beginning at 1e-4",
        "A sine of 30 times its input changes 30 times as fast; 1e-4 is what its authors fit "
        "images with.",
        "Sitzmann et al. (2020), Implicit Neural Representations with Periodic Activation "
        "Functions, supplement",
        (),
        lambda c: c.of_sines,
    ),
    Rule(
        "learning rate", "Adam 1e-4 to 1e-3, with warm-up and decay",
        "Transformers at their usual depth do not take more.",
        "Radford et al. (2018), Improving Language Understanding, section 4.1",
        (),
        lambda c: c.domain == "transformer",
    ),
    Rule(
        "learning rate", "Adam 1e-4 to 1e-3",
        "3e-4 was safe in continuous control on policy; tune it about there.",
        "Andrychowicz et al. (2020), What Matters In On-Policy Reinforcement Learning, section 3.7",
        (),
        lambda c: c.domain == "rl",
    ),
    Rule(
        "learning rate", "Adam 1e-3 to 1e-2, SGD with momentum 0.01 to 0.1, decaying",
        "A range to begin with; tune it for each activation, or a comparison says little.",
        ARTICLE,
        ("C34", "C17"),
        lambda c: c.domain not in ("transformer", "rl"),
        about=("C17",),
    ),
    # Output
    Rule(
        "output", "no activation; cross-entropy takes logits",
        "Softmax is part of the loss; a ReLU there would cut off half of the logits.",
        ARTICLE,
        (),
        lambda c: c.output == "classes",
    ),
    Rule(
        "output", "no activation",
        "A regression must be able to give any number.",
        ARTICLE,
        (),
        lambda c: c.output == "regression",
    ),
    Rule(
        "output", "sigmoid inside the loss (binary cross-entropy with logits)",
        "The loss is then exact where the sigmoid saturates.",
        ARTICLE,
        (),
        lambda c: c.output == "probability",
    ),
    Rule(
        "output", "softplus, or the exponential",
        "Both are positive everywhere with a gradient everywhere; ReLU has none below zero.",
        ARTICLE,
        ("C16",),
        lambda c: c.output == "positive",
        about=("C16",),
    ),
    Rule(
        "output", "tanh",
        "It gives numbers from -1 to 1, as for AlphaZero's value.",
        "Silver et al. (2018), A general reinforcement learning algorithm, methods",
        (),
        lambda c: c.output == "bounded",
    ),
    # What to watch
    Rule(
        "monitor", "dormant units (rectifier run, or rt.ReDo)",
        "Agents lose units as they learn, and with them the ability to learn on.",
        "Sokar et al. (2023), The Dormant Neuron Phenomenon in Deep RL",
        ("C17",),
        lambda c: c.domain == "rl",
        about=("C17",),
    ),
    Rule(
        "monitor", "the norm of the gradient over time steps",
        "Where it grows or fades, the recurrent weights are off.",
        "Pascanu, Mikolov and Bengio (2013), On the difficulty of training RNNs",
        ("C20",),
        lambda c: c.domain == "rnn",
        about=("C20",),
    ),
    Rule(
        "monitor", "the gradient at the first layer against the last (rectifier show NAME --depth)",
        "In a deep network it shows first that a signal is lost.",
        "Glorot and Bengio (2010), Understanding the difficulty of training deep networks",
        ("C08", "C09"),
        lambda c: c.deep,
        about=("C08", "C09"),
    ),
    Rule(
        "monitor", "dead units and zeros by layer (rectifier run train.py)",
        "Many zeros are healthy, units that are zero for all inputs are not; a single batch "
        "cannot tell the two apart.",
        "Lu et al. (2020), Dying ReLU and Initialization",
        ("C17", "C41", "C10"),
        lambda c: True,
        about=("C17", "C41", "C10"),
    ),
)  # fmt: skip
