"""``rectifier train``: one of the built-in networks, on one task, watched."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from rectifier.cli.options import Finite, OutputFile, write_json
from rectifier.report import output

if TYPE_CHECKING:
    from rectifier.training.checkpoint import Progress
    from rectifier.training.loop import Trained


@click.command("train", short_help="Train one of the built-in networks, watched.")
@click.argument("model")
@click.option("--task", help="What to learn. Default: what suits the network.")
@click.option("--activation", help="Name of an activation. Default: the published one.")
@click.option("--init", help="Name of an initialisation scheme. Default: the network's own.")
@click.option("--steps", type=click.IntRange(min=1), help="Steps in all. Default: by the task.")
@click.option(
    "--batch",
    type=click.IntRange(min=1),
    help="Samples a step. Default: 64; with --images the recipe's 128.",
)
@click.option(
    "--rate",
    type=Finite(0, 1e30, min_open=True),
    help="Learning rate. Default: by the network.",
)
@click.option("--optimizer", help="adam, adamw or sgd. Default: by the network.")
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True)
@click.option("--device", default="cpu", show_default=True, help="Where it trains, such as cuda.")
@click.option(
    "--set",
    "sizes",
    multiple=True,
    metavar="NAME=VALUE",
    help="An argument of the network's own, such as width=32; the defaults are small.",
)
@click.option(
    "--images",
    metavar="FOLDER",
    help="Train on images in FOLDER/train/CLASS and FOLDER/val/CLASS by AlexNet's recipe.",
)
@click.option(
    "--crop",
    type=click.IntRange(min=8),
    help="With --images: side of the crops; images are scaled to 8/7 of it. Default: 224.",
)
@click.option(
    "--checkpoint",
    metavar="F",
    type=OutputFile(),
    help="Where to keep the run. Default: by its names.",
)
@click.option(
    "--save-every",
    type=Finite(min=0),
    default=5.0,
    show_default=True,
    help="Least seconds between two checkpoints, which are written after evaluations.",
)
@click.option(
    "--resume",
    is_flag=True,
    help="Go on with the checkpoint, also after a kill; with the same --steps, since the rate "
    "falls over all of them.",
)
@click.option(
    "--json", "json_file", metavar="F", type=OutputFile(dash=True), help="Write JSON; - for stdout."
)
@click.option(
    "--html", "html_file", metavar="F", type=OutputFile(), help="Write the watcher's page."
)
def command(
    model: str,
    task: str | None,
    activation: str | None,
    init: str | None,
    steps: int | None,
    batch: int | None,
    rate: float | None,
    optimizer: str | None,
    seed: int,
    device: str,
    sizes: tuple[str, ...],
    images: str | None,
    crop: int | None,
    checkpoint: str | None,
    save_every: float,
    resume: bool,
    json_file: str | None,
    html_file: str | None,
) -> int:
    """Train a network of rectifier.models on a built-in task, with the watcher on.

    The network has a size that one core trains in seconds to four minutes; --set makes it larger.
    The run is kept in a checkpoint every few seconds; after an interrupt or a kill the same command
    with --resume goes on and gives the same losses and scores; the watcher sees what is left.

    Exit status 1 if the loss stopped being a number.

    \b
    Examples:
      rectifier train cnn4 --activation tanh
      rectifier train alphazero --task connect3
      rectifier train resnet20 --set width=16 --steps 2000 --html resnet20.html
      rectifier train vgg16 --set width=64 --device cuda
      rectifier train alexnet --images my-images --crop 64 --set stem=[5,1]
    """  # noqa: D301
    from rectifier.training import loop, starts

    own = dict(_setting(text) for text in sizes)
    seen: dict[str, Any] = {}
    if images is not None:
        if task is not None:
            raise click.UsageError("--task and --images exclude each other; give one")
        from rectifier.training import image_folder
        from rectifier.training.imagenet import from_folder
        from rectifier.training.recipes import ALEXNET

        batch, crop = batch or ALEXNET.batch, crop or 224
        job = from_folder(
            model, images, size=crop * 8 // 7, crop=crop, activation=activation, init=init,
            seed=seed, batch=batch, sizes=own, device=device,
        )  # fmt: skip
        task, seen = "images", {"images": image_folder.scan(images).digest, "crop": crop}
    else:
        if crop is not None:
            raise click.UsageError("--crop is for --images; give that, too, or leave it out")
        batch = batch or 64
        task = task or starts.start(model).task
        job = starts.make(
            model, task=task, activation=activation, init=init, seed=seed, batch=batch, sizes=own,
            device=device,
        )  # fmt: skip
    if rate is not None:
        job.rate = rate
    if optimizer is not None:
        job.optimizer = optimizer
    total = steps or job.steps
    settings: dict[str, Any] = {
        "model": model,
        "task": task,
        "activation": activation or "",
        "init": init or "",
        "batch": batch,
        "rate": job.rate,
        "optimizer": job.optimizer,
        "sizes": json.dumps(own, sort_keys=True),
        "device": device,
        **seen,
    }
    place = output.check_writable(checkpoint or f"rectifier-{model}-{task}.pt")
    from rectifier.cli.console import console

    screen = console(stderr=True)
    screen.print(
        f"{model} on {task}, {sum(p.numel() for p in job.model.parameters()):,} parameters, "
        f"{total} steps of {job.optimizer} at {job.rate:g}",
        markup=False,
    )
    if resume and not place.exists():
        screen.print(f"there is no checkpoint {place} yet; it begins at the start", markup=False)

    def tell(progress: Progress) -> None:
        step, scores = progress.scores[-1]
        told = "  ".join(f"{name} {value:.4g}" for name, value in scores.items())
        screen.print(
            f"step {step:>{len(str(total))}} of {total}  loss {progress.losses[-1][1]:.4f}  {told}",
            markup=False,
        )

    trained = loop.run(
        job,
        steps=total,
        seed=seed,
        place=place,
        save_every=save_every,
        resume=resume,
        settings=settings,
        tell=tell,
    )
    if html_file is not None:
        trained.session.report(html_file)
    if json_file is not None:
        write_json(json_file, _to_dict(trained, settings, str(place)))
    from rectifier.report import terminal

    terminal.print_run(trained.session.record, trained.findings, screen)
    if trained.resumed:
        screen.print(
            f"gone on from step {trained.resumed}; the watcher saw the rest, "
            "and its findings count steps from there",
            markup=False,
        )
    if trained.failed is not None:
        screen.print(f"the loss stopped being a number at step {trained.failed}", markup=False)
        return 1
    return 0


def _setting(text: str) -> tuple[str, Any]:
    """A name and its value, which is JSON, or else a word."""
    name, equals, value = text.partition("=")
    if not equals or not name.strip():
        raise click.UsageError(f"--set expects NAME=VALUE, such as width=32; got {text!r}")
    try:
        read = json.loads(value)
    except ValueError:
        read = value
    return name.strip(), tuple(read) if isinstance(read, list) else read


def _to_dict(trained: Trained, settings: dict[str, Any], place: str) -> dict[str, Any]:
    progress = trained.progress
    return {
        "schema": 1,
        **settings,
        "sizes": json.loads(settings["sizes"]),
        "steps": progress.step,
        "resumed_from": trained.resumed,
        "findings_count_from": trained.resumed,
        "failed_at": trained.failed,
        "losses": [{"step": step, "loss": loss} for step, loss in progress.losses],
        "scores": [{"step": step, **scores} for step, scores in progress.scores],
        "findings": [finding.to_dict() for finding in trained.findings],
        "checkpoint": place,
    }
