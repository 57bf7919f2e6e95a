"""Build the pages that are made from the code.

    python docs/build.py [--out docs] [--only relu,gelu]     one per activation, and their index
    python docs/build.py --kept       coverage, conventions, accuracy, gpu, speed, doctor,
                                      claims, networks
    python docs/build.py --claims                            claims alone

The pages of activations, with their plots, go to OUT/activations and are not kept in the
repository. The others depend on what is installed or was measured, and are kept there; build them
where torch, Keras, JAX, timm and transformers are installed.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from generator import (
    accuracy,
    activation,
    claims,
    conventions,
    doctor,
    gpu,
    networks,
    overview,
    speed,
    units,
)

from rectifier import catalog
from rectifier.analysis import peers

HERE = Path(__file__).parent


def main() -> None:
    """Build what was asked for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path, default=HERE, help="the folder for the pages")
    parser.add_argument("--only", default="", help="activations alone, separated by commas")
    parser.add_argument("--kept", action="store_true", help="the pages that are kept, alone")
    parser.add_argument("--claims", action="store_true", help="the page of claims alone")
    options = parser.parse_args()
    if options.claims or options.kept:
        (options.out / "claims.md").write_text(claims.page(), encoding="utf-8")
        (options.out / "claims.json").write_text(claims.data(), encoding="utf-8")
    if options.claims:
        print(f"claims in {options.out}")
        return
    offers = peers.offers()
    file = HERE / "accuracy.json"
    summary = json.loads(file.read_text(encoding="utf-8")) if file.exists() else None
    if options.kept:
        pages = {"coverage": overview.coverage(offers), "conventions": conventions.page()}
        if summary is not None:
            sampled = HERE / "accuracy64.json"
            double = json.loads(sampled.read_text(encoding="utf-8")) if sampled.exists() else None
            pages["accuracy"] = accuracy.page(summary, double)
        measured_on_gpu = HERE / "gpu.json"
        if measured_on_gpu.exists():
            again = HERE / "gpu-h200.json"
            later = json.loads(again.read_text(encoding="utf-8")) if again.exists() else None
            on_gpu = json.loads(measured_on_gpu.read_text(encoding="utf-8"))
            pages["gpu"] = gpu.page(on_gpu, later)
        measured_on_cpu = HERE / "speed.json"
        if measured_on_cpu.exists():
            on_cpu = json.loads(measured_on_cpu.read_text(encoding="utf-8"))
            pages["speed"] = speed.page(on_cpu, [] if summary is None else summary["rows"])
        judged = HERE / "doctor.json"
        if judged.exists():
            pages["doctor"] = doctor.page(json.loads(judged.read_text(encoding="utf-8")))
        trained = HERE / "networks.json"
        if trained.exists():
            pages["networks"] = networks.page(json.loads(trained.read_text(encoding="utf-8")))
        for name, text in pages.items():
            (options.out / f"{name}.md").write_text(text, encoding="utf-8")
        print(f"{', '.join(pages)} in {options.out}")
        return
    folder = options.out / "activations"
    folder.mkdir(parents=True, exist_ok=True)
    measured = {} if summary is None else accuracy.summaries(summary)
    chosen = [name for name in options.only.split(",") if name]
    for name in chosen or catalog.names():
        activation.write(folder, name, offers, measured)
    if not chosen:
        for name in catalog.gated_names():
            units.write_gated(folder, name, offers)
        for name in catalog.rowwise_names():
            units.write_rowwise(folder, name, offers)
        (folder / "index.md").write_text(overview.index(), encoding="utf-8")
    print(f"{len(list(folder.glob('*.md')))} pages in {folder}")


if __name__ == "__main__":
    main()
