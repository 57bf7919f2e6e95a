"""Watching inside the trainers that people use, one file a trainer.

Layer: above `rectifier.session`, of which each callback is a thin coat; the trainer's package is
imported with the callback that is for it, and not before. For a loop of one's own there is
``rectifier.torch.watch``.

======================  ==================================================
`lightning.Watch`       ``Trainer(callbacks=[Watch()])``
`transformers.Watch`    ``Trainer(callbacks=[Watch()])`` of Hugging Face
`keras.Watch`           ``model.fit(callbacks=[Watch()])``, on each backend
======================  ==================================================

Each leaves ``watch.record`` and ``watch.findings``, and takes the same options.
"""
