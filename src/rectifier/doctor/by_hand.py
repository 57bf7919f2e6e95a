"""What to edit, and where, in words: for a remedy that no certain edit could be proposed for.

Layer: doctor; standard library only. Beside `rectifier.doctor.patch`: a cure that lives in a rerun
alone is none, so each remedy that worked ends in a patch or in one of these sentences.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rectifier.doctor.finding import Remedy
from rectifier.doctor.wording import listing

_TRAINED = {
    "join": "Hand {names} to the optimiser, where it is made or by 'optimizer.add_param_group'",
    "unfreeze": "Leave out what sets 'requires_grad' to False for {names}",
    "thaw": "Freeze the network before the new layers come in, or thaw these",
    "write": "Update the weights in place: 'p -= rate * p.grad' under torch.no_grad()",
    "keep_gradient": "Call 'optimizer.zero_grad()' before 'loss.backward()', or after the step",
    "step": "Call 'optimizer.step()' after each 'loss.backward()'",
    "step_too": "Call 'step()' of the optimiser that holds {names} after its own 'backward()'",
    "attach": "Leave out the 'detach()' or 'no_grad()' between {names} and the loss, or take a "
    "sigmoid of the difference where they are compared",
    "keep": "Make {names} once, in '__init__', and call it in 'forward'",
}


def _times(given: Mapping[str, object]) -> str:
    """The factor: a schedule may set the rate, so that no such number stands in the program."""
    old, new = given.get("from"), given.get("to")
    if not isinstance(old, int | float) or not isinstance(new, int | float) or not old:
        return ""
    return f" (all rates of a schedule times {new / old:.2g})"


def instruction(remedy: Remedy, sources: Mapping[str, str], log: Sequence[str] = ()) -> str:
    """One sentence on what to edit where.

    Args:
        remedy: What helped.
        sources: For each site its ``file.py:line``.
        log: What it did in the rerun.
    """
    given, scope = remedy.settings, remedy.scope
    layers = listing([repr(name) for name in scope.get("layers", ())]) or "the layers concerned"
    places = listing(
        list(dict.fromkeys(sources[s] for s in scope.get("sites", ()) if s in sources))
    )
    at = f" (at {places})" if places else ""
    function, new = str(given.get("function", given.get("from", ""))), str(given.get("to", ""))
    names = listing([repr(name) for name in scope.get("parameters", ())]) or "the parameters"
    did = f": {'; '.join(log)}" if log else ""
    said = {
        "lower_learning_rate": f"Take smaller steps{did}"
        if did
        else f"Set the learning rate to {new} where it was {function}{_times(given)}",
        "raise_learning_rate": f"Set the learning rate to {new} where it was {function}",
        "clip_gradients": "Call 'torch.nn.utils.clip_grad_norm_(model.parameters(), "
        f"{given.get('max_norm', 1)})' between 'loss.backward()' and 'optimizer.step()'",
        "normalize_input": f"Before data enter {layers}, in training and evaluation, subtract each "
        "feature's mean over the training data and divide by its standard deviation",
        "insert_normalization": f"Put a batch normalisation (torch.nn.BatchNorm1d, or 2d for "
        f"images) behind {layers}, before the activation{at}",
        "swap_activation": f"Use {new} in place of {function}{at}"
        + (", and draw the weights anew for it" if scope.get("reinitialize") else ""),
        "reinitialize": f"Before the optimiser is made, draw the weights anew, as "
        f"'rectifier.torch.init_(model, sample)' does{did}",
        "recycle_units": "Behind the optimiser make 'rectifier.torch.ReDo(model, optimizer, "
        f"every={given.get('every', 100)})', which steps itself with it{at}",
        "remove_output_activation": f"Give the loss what the last layer gives, without {function}",
        "add_activation": f"Put an activation (torch.{function or 'relu'}) behind {layers}",
        "add_residual": f"Return 'x + block(x)' in place of 'block(x)'{did}",
        "add_to_optimizer": _TRAINED.get(str(given.get("how", "join")), _TRAINED["join"]).format(
            names=names
        )
        + did,
        "stabilize_loss": f"Keep arguments off the edge with 'clamp_min' or a small addend{did}",
    }
    if given.get("fill"):
        return "Fill missing values of the data with their feature's mean, or leave such rows out."
    if "target_std" in given:
        return (
            f"Subtract {given['target_mean']:g} from the targets and divide them by "
            f"{given['target_std']:g}; do the reverse to what {layers} predicts."
        )
    if "target_low" in given:
        size = given["target_high"] - given["target_low"]
        return (
            f"Give the loss '(target - {given['target_low']:g}) / {size:g}' in place of its target."
        )
    if given.get("biases"):
        return f"Start the biases of {layers} at nought."
    if given.get("bound"):
        half = f"{given['bound']:g}"
        return f"Give the exponential '{half} * torch.tanh(x / {half})' in place of x{did}."
    if given.get("loosen"):
        return f"Clip the gradients behind 'scaler.unscale_', or to a larger norm{did}."
    if given.get("clear"):
        return "Call 'optimizer.zero_grad()' before each 'loss.backward()'."
    if given.get("decay"):
        return f"Give the optimiser a smaller 'weight_decay'{did}."
    if given.get("epsilon"):
        return f"Give the optimiser 'eps={given['epsilon']:g}', or the loss a larger factor{did}."
    if given.get("how") == "centre":
        return f"Start {names} at the mean of the training data, and subtract it before {layers}."
    if given.get("how") == "train":
        return f"Call 'model.train()' before each epoch, so that {layers} normalise by the batch."
    if given.get("how") == "scores":
        return f"Divide the scores behind {layers} by {given['spread']:g} before their softmax."
    if given.get("relative"):
        return f"Take steps {new} times as large in the program's own update{did}."
    if given.get("hold"):
        return (
            f"Keep the schedule from taking the learning rate below {new}: step it once an epoch "
            "rather than once a batch, or give it more steps or a floor."
        )
    if given.get("cap"):
        return f"Keep the learning rate at {new} or below, whatever the schedule says."
    if given.get("alike"):
        return f"Draw the weights of {layers} at random, as PyTorch's own layers do, not alike."
    if new == "straight_through":
        return f"Let the gradient pass the {function}: 'x + ({function}(x) - x).detach()'."
    if "dim" in given:
        return f"Let the softmax behind {layers} go over the classes: 'dim=1', not 'dim=0'."
    if given.get("hard"):
        return (
            f"Take 'torch.sigmoid' in place of {function} behind the last layer, or give it to "
            "'binary_cross_entropy_with_logits' as it is."
        )
    if given.get("rate"):
        return f"Tell the loss that {function} gives the rate: 'PoissonNLLLoss(log_input=False)'."
    if given.get("log"):
        return f"Give the loss the logarithm: 'log_softmax' in place of {function}."
    return said.get(remedy.action, remedy.action.replace("_", " ")) + "."
