"""Claims about which network takes which activation. Layer: claims."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from rectifier.claims import statistics
from rectifier.claims.claim import Claim, Finding
from rectifier.claims.comparing import by_activation, curve, scored, tuned, values
from rectifier.claims.lab import Lab
from rectifier.claims.rates import choose, told
from rectifier.claims.record import Line, Picture, Quantity, Range, exactly
from rectifier.claims.trials import train

NAIR = "Nair and Hinton (2010), Rectified Linear Units Improve Restricted Boltzmann Machines"


def boltzmann(*, kind: str, hidden: int, steps: int, seed: int) -> dict[str, float]:
    """Train a Boltzmann machine on digits, then classify by its features.

    Returns:
        ``test`` accuracy of a softmax on the features; ``error`` of reconstruction, first and
        last hundred steps.
    """
    import torch
    from torch import nn

    from rectifier import data, models
    from rectifier.models.rbm import RBM

    found = data.get("digits").load(seed)
    train_x, test_x = torch.from_numpy(found.train_x), torch.from_numpy(found.test_x)
    train_y, test_y = torch.from_numpy(found.train_y), torch.from_numpy(found.test_y)
    draws = torch.Generator().manual_seed(seed)
    machine = models.get("rbm")(64, hidden, activation=kind, generator=draws)
    stepper = torch.optim.SGD(machine.parameters(), lr=0.01, momentum=0.5)
    errors = []
    if not isinstance(machine, RBM):
        raise TypeError("models.rbm builds Boltzmann machines")
    for _ in range(steps):
        rows = torch.randint(len(train_x), (64,), generator=draws)
        errors.append(machine.contrast(train_x[rows], draws))
        stepper.step()
    with torch.no_grad():
        features, tested = machine(train_x), machine(test_x)
        centre, scale = features.mean(), features.std().clamp_min(1e-6)
        features, tested = (features - centre) / scale, (tested - centre) / scale
    head = nn.Linear(hidden, 10)
    nn.init.zeros_(head.weight)
    nn.init.zeros_(head.bias)
    optimizer = torch.optim.Adam(head.parameters(), lr=0.01)
    for _ in range(300):
        rows = torch.randint(len(features), (64,), generator=draws)
        loss = nn.functional.cross_entropy(head(features[rows]), train_y[rows])
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
    right = (head(tested).argmax(dim=1) == test_y).float().mean()
    return {"test": float(right), "first": float(np.mean(errors[:100])),
            "last": float(np.mean(errors[-100:]))}  # fmt: skip


def _softplus(lab: Lab) -> Finding:
    import rectifier.numpy as rn

    x = np.linspace(-20.0, 20.0, 400_001)
    softplus = np.asarray(rn.softplus(x))
    copies = sum(np.asarray(rn.sigmoid(x - place + 0.5)) for place in range(1, 60))
    seeds = lab.seeds(4, 20)
    runs = {
        kind: lab.map(
            boltzmann,
            [
                {"kind": kind, "hidden": 100, "steps": lab.pick(600, 10_000), "seed": seed}
                for seed in seeds
            ],
        )
        for kind in ("nrelu", "binary")
    }
    some = np.linspace(-4.0, 4.0, 81)
    lines = (
        Line("softplus", tuple(some), tuple(np.asarray(rn.softplus(some)))),
        Line("ReLU", tuple(some), tuple(np.asarray(rn.relu(some)))),
    )
    return Finding(
        [
            statistics.exact(float(np.abs(softplus - rn.relu(x)).max())),
            statistics.exact(float(np.abs(copies - softplus).max())),
            statistics.difference(values(runs["nrelu"], "test"), values(runs["binary"], "test")),
        ],
        [Picture("Softplus and ReLU", "x", "value", lines)],
    )


C16 = Claim(
    "C16",
    "ReLU approximates softplus, and (noisy) rectified units improve Boltzmann machines",
    "Approximates the softplus function (a smooth version of ReLU)",
    "3",
    "proxy",
    f"{NAIR}, sections 2 and 4",
    "Infinitely many binary units with shared weights and shifted biases sum to about softplus, "
    "and max(0, x + noise) is a fast stand-in; features were better than binary ones on NORB and "
    "on pairs of faces (LFW).",
    "Largest distance of softplus from ReLU and from the sum of shifted sigmoids on [−20, 20]; in "
    "place of NORB and LFW: machines of 100 units on digits by contrastive divergence, a softmax "
    "on their features, test accuracy paired over seeds, 95 % by t.",
    (
        Quantity("largest distance of ReLU from softplus (ln 2, at 0)"),
        Quantity("largest distance of the sum of binary units from softplus", Range(0, 0.05)),
        Quantity(
            "test accuracy, noisy rectified less binary (here: digits)",
            Range(low=0.0),
            "%",
            proxy=True,
        ),
    ),
    _softplus,
    words="Compared with binary units, these units learn features that are better for "
    "object recognition on the NORB dataset",
)


def language(*, activation: str, rate: float, steps: int, seed: int, python: str) -> dict[str, Any]:
    """A tiny decoder on the characters of the standard library's source.

    Args:
        activation: Of the feed-forward layers, a name or a gated unit.
        rate: Learning rate of AdamW; falls to 0.
        steps: To train.
        seed: Of weights and order.
        python: Version whose library is read, so that another text is another trial.

    Returns:
        ``loss``: on text of another file, in nats a character; ``validation``: the same on a part
        of the first file that is not trained on; ``losses`` of the training.
    """
    import argparse
    import inspect
    import textwrap

    import torch
    from torch.nn.functional import cross_entropy

    from rectifier import models

    del python
    texts = [inspect.getsource(module) for module in (argparse, textwrap)]
    known = sorted(set("".join(texts)))
    place = {letter: k for k, letter in enumerate(known)}
    train_text, test_text = (torch.tensor([place[c] for c in text]) for text in texts)
    length = 48
    draws = torch.Generator().manual_seed(seed)
    net = models.get("transformer_decoder")(
        (length,), len(known), activation=activation, generator=draws, size=32, layers=2,
        heads=2, dropout=0.0,
    )  # fmt: skip
    stepper = torch.optim.AdamW(net.parameters(), lr=rate, weight_decay=0.0)
    kept_back = len(train_text) // 10
    train_text, held_text = train_text[:-kept_back], train_text[-kept_back:]

    def batch(text: torch.Tensor, count: int) -> tuple[torch.Tensor, torch.Tensor]:
        starts = torch.randint(len(text) - length - 1, (count, 1), generator=draws)
        rows = text[starts + torch.arange(length + 1)]
        return rows[:, :-1], rows[:, 1:]

    losses = []
    for step in range(steps):
        for group in stepper.param_groups:
            group["lr"] = rate * (1 - step / steps)
        x, y = batch(train_text, 16)
        loss = cross_entropy(net(x).flatten(0, 1), y.flatten())
        stepper.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        stepper.step()
        losses.append(loss.item())
    net.eval()
    # The same places of the text for every network, whatever it drew when it was made.
    draws.manual_seed(seed)
    found = {}
    for name, text in (("validation", held_text), ("loss", test_text)):
        with torch.no_grad():
            x, y = batch(text, 100)
            found[name] = cross_entropy(net(x).flatten(0, 1), y.flatten()).item()
    return {**found, "losses": losses}


def _transformers(lab: Lab) -> Finding:
    import platform

    seeds = lab.seeds(3, 10)
    names = ("relu", "gelu", "geglu")
    setting = {"steps": lab.pick(120, 2000), "python": platform.python_version()}

    def gained(asked: Sequence[tuple[str, float]]) -> list[float]:
        lost = scored(lab, language, "validation", setting, 2, asked)
        return [-loss if np.isfinite(loss) else -np.inf for loss in lost]

    best = choose(names, (1e-3, 3e-3, 1e-2), gained)
    runs = {
        name: lab.map(
            language,
            [
                {**setting, "activation": name, "rate": best[name].rate, "seed": seed}
                for seed in seeds
            ],
        )
        for name in names
    }
    loss = {name: values(found, "loss") for name, found in runs.items()}
    return Finding(
        [
            None,
            statistics.difference(loss["gelu"], loss["relu"]),
            statistics.difference(loss["geglu"], loss["gelu"]),
        ],
        [
            Picture(
                "Training loss of a tiny decoder",
                "step",
                "nats a character",
                tuple(curve(name, found) for name, found in runs.items()),
            )
        ],
        [told(best)],
    )


C32 = Claim(
    "C32",
    "Modern transformers (BERT, GPT, T5, ViT) use GELU, not ReLU, since it works better there",
    "Modern Transformer architectures (BERT, GPT, T5, ViT) use GELU, not ReLU",
    "8, 10, 15",
    "proxy",
    "Raffel et al. (2020), T5, section 2.1 and the code's t5.1.1; Devlin et al. (2019); Radford et "
    "al. (2018); Dosovitskiy et al. (2021)",
    "T5 as published has ReLU in its feed-forward layers; version 1.1 has a gated GELU. BERT, GPT "
    "and ViT have GELU.",
    "In place of large models: a decoder of two layers of 32 on the characters of Python's "
    "library, 120 steps (full: 2000), the rate of each chosen on other seeds and other text from "
    "three, and from more where the best is at an end; loss on another file, paired over three "
    "seeds (full: ten), 95 % by t.",
    (
        Quantity("of the four named, those published with GELU", exactly(4), source=exactly(3)),
        Quantity(
            "loss, GELU less ReLU (here: a tiny decoder)", Range(high=0.0), "nats", proxy=True
        ),
        Quantity("loss, gated GELU less GELU", None, "nats"),
    ),
    _transformers,
    words="GEGLU activation in feed-forward hidden layer, rather than ReLU",
)


def _cnn(lab: Lab) -> tuple[dict[str, list[Any]], str]:
    """Trainings by activation, each at the rate that suits it, and these rates in words."""
    setting = {
        "model": "cnn4",
        "pixels": 8,
        "sizes": {"width": 8},
        "init": "he_normal",
        "schedule": "linear",
        "steps": lab.pick(200, 3000),
    }
    names = ("relu", "silu", "gelu", "elu", "tanh")
    chosen = tuned(lab, names, (3e-3, 1e-2, 3e-2), setting, seeds=lab.pick(2, 4))
    seeds = lab.seeds(8, 20)
    runs = {
        name: by_activation(lab, (name,), seeds, {**setting, "rate": chosen[name].rate})[name]
        for name in names
    }
    return runs, told(chosen)


def _vision(lab: Lab) -> Finding:
    runs, rates = _cnn(lab)
    # Chosen on validation data, so that the best is not the best by luck of the test.
    known = {name: sum(values(found, "validation")) for name, found in runs.items()}
    ours = max(("relu", "silu"), key=known.__getitem__)
    theirs = max(("gelu", "elu", "tanh"), key=known.__getitem__)
    return Finding(
        [
            statistics.difference(values(runs[ours], "test"), values(runs[theirs], "test")),
        ],
        [
            Picture(
                "Training loss of the four-layer CNN",
                "step",
                "loss",
                tuple(curve(name, found) for name, found in runs.items()),
            )
        ],
        [f"{ours} against {theirs}", rates],
    )


C33 = Claim(
    "C33",
    "In CNNs ReLU and Swish dominate",
    "If you're building CNNs → ReLU/Swish still dominate.",
    "10, 14",
    "proxy",
    "A web guide (IABAC, 2025); for comparison Jordan (2024), 94 % on CIFAR-10 in 3.29 seconds, "
    "arXiv 2404.00498",
    "The fastest CIFAR-10 trainings of 2024 use GELU.",
    "In its place: the four-layer CNN on 8×8 digits, five activations, Adam falling to 0 within "
    "200 steps (full: 3000), the rate of each chosen on other seeds from three, and from more "
    "where the best is at an end; better of ReLU and Swish less best of GELU, ELU and tanh, both "
    "chosen on validation data; test accuracy, paired over eight seeds (full: twenty), 95 % by t.",
    (
        Quantity(
            "test accuracy, ReLU or Swish less the best other (here: digits)",
            Range(low=0.0),
            "%",
            proxy=True,
        ),
    ),
    _vision,
    words="training methods for CIFAR-10 which reach 94% accuracy in 3.29 seconds",
)


def _elu_for_relu(lab: Lab) -> Finding:
    runs, rates = _cnn(lab)
    won = statistics.difference(values(runs["elu"], "test"), values(runs["relu"], "test"))
    return Finding([won], notes=[rates])


C38 = Claim(
    "C38",
    "Replacing ReLU by ELU in a CNN raised recognition accuracy by 2.5 %",
    "improved facial recognition accuracy by 2.5% simply by replacing ReLU with ELU",
    "9",
    "proxy",
    "A blog (Vedan Analytics, 2025) without a study; none was found",
    "Nothing that can be traced.",
    "In its place: the four-layer CNN on 8×8 digits as for C33, ELU less ReLU, test accuracy, "
    "paired over seeds, 95 % by t. Stated: 2 to 3 points.",
    (Quantity("accuracy won by ELU (here: digits)", Range(0.02, 0.03), "%", proxy=True),),
    _elu_for_relu,
)


def _recurrent(lab: Lab) -> Finding:
    seeds = lab.seeds(4, 20)
    setting = {
        "model": "irnn",
        "pixels": 8,
        "sizes": {"width": 64},
        "rate": 3e-3,
        "steps": lab.pick(250, 2000),
        "clip": 1.0,
    }
    identity = lab.map(train, [{**setting, "activation": "relu", "seed": s} for s in seeds])
    tanh = lab.map(
        train,
        [{**setting, "activation": "tanh", "init": "orthogonal", "seed": s} for s in seeds],
    )
    return Finding(
        [
            None,
            statistics.mean(values(identity, "test")),
            statistics.difference(values(identity, "test"), values(tanh, "test")),
        ],
        [
            Picture(
                "Training loss, digits read row by row",
                "step",
                "loss",
                (curve("ReLU, identity", identity), curve("tanh, orthogonal", tanh)),
            )
        ],
    )


C40 = Claim(
    "C40",
    "ReLU can be used in recurrent networks, and GRU and LSTM use its family in some components",
    "GRUs and LSTMs use ReLU-family activations in certain components",
    "15",
    "experiment",
    "Hochreiter and Schmidhuber (1997); Cho et al. (2014); Le, Jaitly and Hinton (2015)",
    "The cells of both papers have sigmoid and tanh alone. ReLU works in a plain recurrent network "
    "that starts as the identity.",
    "Functions of the cells as published are counted from the papers; a recurrent network of 64 "
    "units, ReLU from the identity, on digits read row by row, 250 steps (full: 2000), test "
    "accuracy over seeds, 95 % by t. Works: 80 %.",
    (
        Quantity("functions of the ReLU family in the two cells", Range(low=1), source=exactly(0)),
        Quantity("test accuracy of the ReLU network", Range(low=0.8), "%"),
        Quantity("the same less a tanh network from orthogonal weights", None, "%"),
    ),
    _recurrent,
    words="the use of the identity matrix or its scaled version to initialize the recurrent "
    "weight matrix",
)
