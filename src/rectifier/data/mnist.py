"""70,000 handwritten digits of 28×28 pixels.

Layer: data. The digests are those that torchvision and others check the same files against.
"""

from __future__ import annotations

from functools import partial

from rectifier.data._idx_task import load, remotes
from rectifier.data.files import Collection
from rectifier.data.task import Task

FILES = Collection(
    "mnist",
    remotes(
        "https://ossci-datasets.s3.amazonaws.com/mnist",
        {
            "train-images-idx3-ubyte.gz": "f68b3c2dcbeaaa9fbdd348bbdeb94873",
            "train-labels-idx1-ubyte.gz": "d53e105ee54ea40749a09fcbcd1e9432",
            "t10k-images-idx3-ubyte.gz": "9fb629c4189551a2d022fa330f9573f3",
            "t10k-labels-idx1-ubyte.gz": "ec29112dd5afa0611ce80d1b7f02629c",
        },
    ),
    licence="CC BY-SA 3.0",
)

TASK = Task(
    "mnist",
    partial(load, FILES),
    target=0.97,
    summary="70,000 handwritten digits of 28×28 pixels, 10 classes",
    source="Y. LeCun, C. Cortes, C. Burges (1998)",
    licence=FILES.licence,
    domain="vision",
    files=FILES,
)
