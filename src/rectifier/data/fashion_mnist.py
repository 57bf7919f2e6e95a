"""70,000 pictures of clothes of 28×28 pixels, in MNIST's form.

Layer: data. Debian's package packs the same pixels anew, so the digests are for what is fetched.
"""

from __future__ import annotations

from functools import partial

from rectifier.data._idx_task import load, remotes
from rectifier.data.files import Collection
from rectifier.data.task import Task

FILES = Collection(
    "fashion_mnist",
    remotes(
        "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com",
        {
            "train-images-idx3-ubyte.gz": "8d4fb7e6c68d591d4c3dfef9ec88bf0d",
            "train-labels-idx1-ubyte.gz": "25c81989df183df01b3e8a0aad5dffbe",
            "t10k-images-idx3-ubyte.gz": "bef4ecab320f06d8554ea6380940ec79",
            "t10k-labels-idx1-ubyte.gz": "bb300cfdad3c16e7a12a480ee83cd310",
        },
        2.67,
    ),
    licence="MIT",
    debian="dataset-fashion-mnist",
    folder="/usr/share/datasets/fashion-mnist",
)

TASK = Task(
    "fashion_mnist",
    partial(load, FILES),
    target=0.85,
    summary="70,000 pictures of clothes of 28×28 pixels, 10 classes",
    source="H. Xiao, K. Rasul, R. Vollgraf (2017), arXiv 1708.07747",
    licence=FILES.licence,
    domain="vision",
    files=FILES,
)
