"""``model.fit(callbacks=[Watch()])`` for Keras 3 on JAX, TensorFlow and PyTorch.

For `rectifier.callbacks`. Keras compiles the training step, and nothing can be looked up in a
compiled step. So at the steps that are observed the batch is run once more, beside the training:
same weights, same batch, taps at the activations (`taps`), gradients of the loss with respect to
what passes them (`probe`). Nothing of that reaches the model: it goes by Keras's stateless calls.
What is measured (`measure`) goes into the same ledgers, and so gives the same record, as a PyTorch
training does; the rules of the doctor do not know the difference. The price is one more forward and
backward pass at an observed step; the budget decides how many there are.
"""

from __future__ import annotations

from rectifier.optional import require

require("keras", extra="keras", purpose="the callback for Keras")

from rectifier.callbacks.keras.watch import Watch  # noqa: E402

__all__ = ["Watch"]
