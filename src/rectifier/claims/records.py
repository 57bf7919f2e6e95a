"""Claims that no experiment can settle: who uses what, markets, dates. Layer: claims."""

from __future__ import annotations

from rectifier.claims.claim import Claim
from rectifier.claims.record import Quantity, Range, exactly

C37 = Claim(
    "C37",
    "ReLU and its family are used in 75–80 % of architectures and 75–85 % of systems in production",
    "approximately 75-80% of all deep learning architectures",
    "1, 3, 14",
    "record",
    "Zhang, Lu and Zhao (2024), JMLR 25(35), and an unnamed survey in Neurocomputing",
    "The paper is about approximation by networks; no share of use was found in it. Which survey "
    "is meant cannot be told.",
    "There is no register of networks in use; nothing is measured.",
    (Quantity("share of architectures", Range(0.75, 0.8), "%"),),
    words="An activation function set A is defined to encompass the majority of commonly "
    "used activation functions",
)

C42 = Claim(
    "C42",
    "Market sizes, jobs, energy and numbers of devices of the deep learning industry",
    "2024: $93.72 billion to $96.8 billion",
    "9, 12, 13",
    "record",
    "Market reports (Grand View Research, Precedence Research, Mordor Intelligence and others), "
    "behind payment",
    "In places they contradict each other: North America has 33.6 % of the market in one and 38 % "
    "in another, quoted side by side.",
    "Forecasts and sums behind payment; nothing is measured.",
    (Quantity("market in 2024", Range(93.7, 96.8), "billion $"),),
)

C44 = Claim(
    "C44",
    "Dates, sizes of data sets, hardware and prices",
    "The GPUs cost approximately $500 each at release",
    "3, 5",
    "record",
    "Krizhevsky, Sutskever and Hinton (2012), sections 2 and 5; Russakovsky et al. (2015); "
    "Householder (1941); Fukushima (1969)",
    "1.2 million training, 50,000 validation and 150,000 test images, 1,000 categories; two GTX "
    "580 with 3 GB; five to six days. The price is not in the paper.",
    "Facts of record; nothing is measured.",
    (Quantity("training images, in millions", Range(1.15, 1.25), source=exactly(1.2)),),
    words="Our network takes between five and six days to train on two GTX 580 3GB GPUs.",
)
