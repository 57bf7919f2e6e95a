"""What is known of the catalog far out, for the tests of every front end."""

from __future__ import annotations

WAVES = {"sine", "cosine", "gcu"}
"""Without a limit at infinity: NaN there, and so is the slope."""
WAVING_SLOPES = {**dict.fromkeys((*WAVES, "snake"), (0, 1)), "sinlu": (1,), "coslu": (1,)}
"""At which ends, 0 the left and 1 the right, the slope has no limit, whatever the value has."""
LOGARITHMS = {"symlog", "nlrelu", "sqrt_softplus"}
"""Infinite at infinity, but slowly: some 690 at 1e300, or 1e150 for a square root."""
STEEP = {
    *("relu_squared", "star_relu", "repu", "square", "cube", "squ", "ncu"),
    *("exponential", "xielu", "gcu"),
}
"""With slopes that grow without bound, so that they overflow at large finite inputs."""
JUMPING = {"threshold", "jump_relu", "hard_shrink", "step", "sign"}
"""With a jump in the value."""
