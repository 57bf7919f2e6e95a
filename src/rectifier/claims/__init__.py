"""Is what people say about ReLU true? Every claim as an experiment with a verdict.

Layer: above ``compare``, ``models``, ``data`` and the front ends; below ``report`` (which reads
`record` alone) and ``cli``. Its files compose so: `record` holds ranges, measurements and what a
claim comes to; `verdict` turns a stated range and a measured interval into one of four words, and
nothing else does; a file for each group of claims holds `claim.Claim` objects, each with the
function that measures it; `trials` are the trainings that these functions ask a `lab.Lab` for,
which runs them in processes and keeps them; `ledger` puts it all together.

A claim is one registration: an object of `claim.Claim` in a file here is found by scanning.
Importing this package loads no framework.
"""
