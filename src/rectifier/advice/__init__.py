"""Advice on activation, initialisation, normalisation and learning rate for a described case.

Layer: pure rules over plain facts; only `model` needs torch, to read the facts off a network. Its
files compose so: `case` is what is known, `rules` are the article's and the literature's rules,
each with its source and the claims of the ledger that bear on it, `answer` applies them. What the
ledger found for those claims is added by ``cli``.
"""
