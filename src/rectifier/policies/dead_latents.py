"""Dead latents of a sparse autoencoder: who has not fired for a window, and resampling them.

For `rectifier.policies`. High sparsity is a sparse autoencoder's purpose, so a latent is dead only
after a long window in which it never fired: 10 million tokens is usual (Gao et al. 2024, "Scaling
and evaluating sparse autoencoders"). Resampling follows Bricken et al. 2023, "Towards
monosemanticity", appendix "Neuron resampling".
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from rectifier.doctor.remedies.recycle_units import recycle
from rectifier.errors import InvalidInputError
from rectifier.policies.policy import Policy, checked_count
from rectifier.torch.sites import Site

TOKENS = 10_000_000


class DeadLatents(Policy):
    """Counts for how many inputs each latent has not fired; steps itself with the optimiser.

    Args:
        model: The sparse autoencoder.
        optimizer: Its optimiser.
        tokens: Inputs (rows of the latents) without firing that make a latent dead; None: not by
            these. With neither given: 10 million.
        passes: Forward passes of the training without firing that do; None: not by these.
        site: Name of the site whose outputs are the latents; None: the one with most units.

    Attributes:
        silent_tokens: Inputs since each latent fired, shape (latents,); empty before any was seen.
        silent_passes: Passes since then, shape (latents,).

    Raises:
        InvalidInputError: An argument is out of bounds.
    """

    def __init__(
        self,
        model: nn.Module,
        optimizer: Optimizer,
        *,
        tokens: int | None = None,
        passes: int | None = None,
        site: str | None = None,
    ) -> None:
        if tokens is None and passes is None:
            tokens = TOKENS
        self.tokens = None if tokens is None else checked_count("tokens", tokens)
        self.passes = None if passes is None else checked_count("passes", passes)
        self.silent_tokens = torch.zeros(0, dtype=torch.int64)
        self.silent_passes = torch.zeros(0, dtype=torch.int64)
        self._name = site
        self._site: Site | None = None
        super().__init__(model, optimizer)

    def on_site(self, site: Site, input: Tensor, output: Tensor) -> None:
        """Count a pass."""
        if self._name is not None:
            if site.name != self._name:
                return
        elif self._site is not None and site.units < self._site.units:
            return
        if self._site is not site:
            self._site = site
            self.silent_tokens = self.silent_passes = torch.zeros(0, dtype=torch.int64)
        self.update(output.detach().movedim(site.axis_in(output), -1))

    def update(self, latents: Tensor) -> None:
        """Count one pass by hand, for latents that no activation site gives (a top-k, say).

        Args:
            latents: Shape (…, latents); a latent has fired where it is above zero.
        """
        fired = latents.detach().reshape(-1, latents.shape[-1]) > 0
        rows = fired.shape[0]
        if self.silent_tokens.numel() != fired.shape[1]:
            self.silent_tokens = torch.zeros(fired.shape[1], dtype=torch.int64, device=fired.device)
            self.silent_passes = self.silent_tokens.clone()
        ever = fired.any(0)
        if rows:
            after = fired.flip(0).to(torch.int8).argmax(0)  # rows since the last that fired
            self.silent_tokens = torch.where(ever, after, self.silent_tokens + rows)
        self.silent_passes = torch.where(ever, 0, self.silent_passes + 1)

    @property
    def dead(self) -> Tensor:
        """Latents that have not fired for the window, boolean, shape (latents,)."""
        found = torch.zeros_like(self.silent_tokens, dtype=torch.bool)
        if self.tokens is not None:
            found |= self.silent_tokens >= self.tokens
        if self.passes is not None:
            found |= self.silent_passes >= self.passes
        return found

    def act(self, step: int) -> None:
        """Nothing: resampling needs inputs and losses, see `resample`."""

    def resample(self, inputs: Tensor, losses: Tensor, *, scale: float = 0.2) -> int:
        """Point dead latents at inputs that the autoencoder reconstructs badly.

        An input is drawn for each with probability proportional to its squared loss. The latent's
        decoder column becomes that input's direction from the decoder's bias, at length 1; its
        encoder row the same at ``scale`` times the mean length of the living rows; its encoder bias
        0; the optimiser forgets both.

        Args:
            inputs: A sample of the training's inputs, shape (n, width).
            losses: Of each of them, not negative, shape (n,).
            scale: As above.

        Returns:
            How many latents were resampled.

        Raises:
            InvalidInputError: Shapes do not fit, or encoder and decoder cannot be told.
        """
        dead = self.dead
        if not bool(dead.any()):
            return 0
        found = None if self._site is None else self.layers(self._site)
        if found is None or not all(isinstance(layer, nn.Linear) for layer in found):
            raise InvalidInputError(
                "resampling needs an encoder and a decoder that are nn.Linear, with the latents' "
                "activation between them; resample by hand with the mask `dead`"
            )
        encoder, decoder = found
        if inputs.dim() != 2 or losses.shape != inputs.shape[:1]:
            raise InvalidInputError(
                f"expected inputs (n, width) and losses (n,), got {tuple(inputs.shape)} and "
                f"{tuple(losses.shape)}"
            )
        return self._resample(encoder, decoder, dead, inputs.detach(), losses.detach(), scale)

    def _resample(
        self, encoder: nn.Module, decoder: nn.Module, dead: Tensor, inputs: Tensor,
        losses: Tensor, scale: float,
    ) -> int:  # fmt: skip
        rows, columns = encoder.weight, decoder.weight
        if not isinstance(rows, Tensor) or not isinstance(columns, Tensor):
            raise InvalidInputError("encoder and decoder have no weights of their own")
        dead = dead.to(rows.device)
        count, alive = int(dead.sum()), rows.detach()[~dead]
        length = alive.norm(dim=1).mean() if alive.numel() else rows.detach().norm(dim=1).mean()
        drawn = torch.multinomial(losses.double().square(), count, replacement=True)
        offset = getattr(decoder, "bias", None)
        direction = inputs[drawn] - (0 if offset is None else offset.detach())
        direction = torch.nn.functional.normalize(direction, dim=1).to(rows.dtype)
        recycle(encoder, decoder, dead, self.optimizer)  # which clears the optimiser's memory
        with torch.no_grad():
            rows[dead] = direction * (scale * length)
            columns[:, dead] = direction.T.to(columns.dtype)
            if isinstance(bias := getattr(encoder, "bias", None), Tensor):
                bias[dead] = 0
        self.silent_tokens[dead.to(self.silent_tokens.device)] = 0
        self.silent_passes[dead.to(self.silent_passes.device)] = 0
        return count
