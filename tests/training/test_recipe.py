"""AlexNet's recipe: schedule, colours, crops, and a folder of images made here."""

from __future__ import annotations

import dataclasses
import io
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from rectifier.errors import InvalidInputError
from rectifier.training import image_folder, loop
from rectifier.training.imagenet import from_folder, from_tables
from rectifier.training.recipes import ALEXNET


def folder(tmp_path: Path, each: int = 6) -> Path:
    """Two classes of noisy pictures: red ones, wide; blue ones, high."""
    draws = np.random.default_rng(0)
    for split, count in (("train", each), ("val", 3)):
        for name, channel, size in (("blue", 2, (40, 60)), ("red", 0, (60, 40))):
            place = tmp_path / split / name
            place.mkdir(parents=True)
            for number in range(count):
                pixels = draws.integers(0, 120, (*size, 3), dtype=np.uint8)
                pixels[..., channel] += 100
                Image.fromarray(pixels).save(place / f"{number}.png")
    (tmp_path / "train" / "red" / "notes.txt").write_text("no image")
    return tmp_path


def test_the_rate_is_divided_three_times() -> None:
    rates = [ALEXNET.rate_at(share) for share in (0.0, 0.24, 0.26, 0.51, 0.76, 1.0)]
    assert rates == pytest.approx([0.01, 0.01, 1e-3, 1e-4, 1e-5, 1e-5])


def test_a_folder_is_read(tmp_path: Path) -> None:
    found = image_folder.scan(folder(tmp_path))
    assert found.classes == ("blue", "red")
    assert [label for _, label in found.train] == [0] * 6 + [1] * 6
    assert len(found.test) == 6
    image = image_folder.read(found.train[0][0], 32)
    assert image.shape == (3, 32, 32)
    assert image[2].mean() > image[0].mean() + 50
    broken = tmp_path / "train" / "red" / "broken.jpg"
    broken.write_bytes(b"no image")
    with pytest.raises(InvalidInputError, match=r"broken\.jpg"):
        image_folder.read(broken, 32)
    with pytest.raises(InvalidInputError, match="train and val"):
        image_folder.scan(tmp_path / "train")
    (tmp_path / "val" / "green").mkdir()
    with pytest.raises(InvalidInputError, match="green"):
        image_folder.scan(tmp_path)


def test_colours_shift_along_the_principal_components() -> None:
    draws = np.random.default_rng(0)
    mixing = np.array([[30.0, 0, 0], [20, 10, 0], [5, 5, 2]])
    pixels = 128 + draws.normal(size=(50, 8 * 8, 3)) @ mixing.T
    images = pixels.reshape(50, 8, 8, 3).transpose(0, 3, 1, 2).astype(np.float32)
    colours = image_folder.statistics(images)
    assert colours.deviations[2] == pytest.approx(np.linalg.svd(mixing)[1][0], rel=0.05)
    flat = np.tile(colours.mean, (4000, 1, 1, 1))
    shifted = image_folder.augment(flat, colours, 8, draws)
    assert np.ptp(shifted, axis=(2, 3)).max() < 1e-3, "one shift for a whole image"
    covariance = np.cov(shifted[:, :, 0, 0], rowvar=False)
    wanted = image_folder.SHIFT**2 * mixing @ mixing.T
    np.testing.assert_allclose(covariance, wanted, rtol=0.15, atol=0.1)


def test_crops_are_parts_of_the_image_and_its_mirror() -> None:
    image = np.arange(3 * 6 * 6, dtype=np.float32).reshape(1, 3, 6, 6)
    still = image_folder.Colours(np.zeros((3, 6, 6), np.float32), np.eye(3), np.zeros(3))
    crops = image_folder.ten_crops(image, still, 4)
    assert crops.shape == (1, 10, 3, 4, 4)
    np.testing.assert_array_equal(crops[0, 0], image[0, :, :4, :4])
    np.testing.assert_array_equal(crops[0, 3], image[0, :, 2:, 2:])
    np.testing.assert_array_equal(crops[0, 4], image[0, :, 1:5, 1:5])
    np.testing.assert_array_equal(crops[0, 5:], crops[0, :5, :, :, ::-1])
    windows = [image[0, :, top : top + 4, left : left + 4] for top in range(3) for left in range(3)]
    allowed = {part.tobytes() for w in windows for part in (w, np.ascontiguousarray(w[:, :, ::-1]))}
    made = image_folder.augment(np.repeat(image, 200, 0), still, 4, np.random.default_rng(0))
    seen = {np.ascontiguousarray(part).tobytes() for part in made}
    assert seen <= allowed
    assert len(seen) == 18, "every crop and every mirror image comes up"


def test_predictions_are_averaged() -> None:
    crops = np.zeros((2, 10, 3, 4, 4), np.float32)
    crops[0, 0] = 1.0
    told = image_folder.averaged(lambda x: x.mean(axis=(1, 2, 3))[:, None], crops)
    np.testing.assert_allclose(told, [[0.1], [0.0]])


def test_pictures_that_do_not_fit_in_memory_are_read_when_they_are_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = [file for file, _ in image_folder.scan(folder(tmp_path)).train]
    whole = np.stack([image_folder.read(file, 16) for file in files])
    read: list[Path] = []

    def noted(file: Path, size: int) -> image_folder.Pixels:
        read.append(file)
        return real(file, size)

    real = image_folder.read
    monkeypatch.setattr(image_folder, "read", noted)
    kept = image_folder.Pictures(files, 16)
    assert len(read) == len(files) == len(kept), "all fit, so that a damaged one is found at once"
    some = image_folder.Pictures(files, 16, room=3 * 3 * 16 * 16)
    assert len(read) == len(files)
    rows = np.array([5, 0, 5, 7])
    for pictures in (kept, some):
        np.testing.assert_array_equal(pictures[rows], whole[rows])
        np.testing.assert_array_equal(pictures[2:11:3], whole[2:11:3])
    assert len(some._kept) == 3
    ours, theirs = image_folder.statistics(some), image_folder.statistics(whole)
    np.testing.assert_allclose(ours.mean, whole.mean(axis=0), rtol=1e-6)
    np.testing.assert_allclose(ours.deviations, theirs.deviations, rtol=1e-12)
    flat = whole.transpose(0, 2, 3, 1).reshape(-1, 3).astype(np.float64)
    covariance = ours.components @ np.diag(ours.deviations**2) @ ours.components.T
    np.testing.assert_allclose(covariance, np.cov(flat, rowvar=False), rtol=1e-9, atol=1e-9)
    monkeypatch.setattr(image_folder, "LOOKED_AT", 5)
    every_third = whole[::3].mean(axis=0)
    np.testing.assert_allclose(image_folder.statistics(some).mean, every_third, rtol=1e-6)


def test_pictures_of_all_kinds_are_read(tmp_path: Path) -> None:
    grey = np.arange(20 * 30, dtype=np.uint8).reshape(20, 30) % 200
    kinds = {
        "grey.png": Image.fromarray(grey),
        "colours.png": Image.fromarray(np.stack([grey, grey, grey, grey], axis=2), "CMYK"),
        "dot.png": Image.fromarray(np.full((1, 1, 3), 90, np.uint8)),
        "row.bmp": Image.fromarray(np.full((2, 90, 3), 90, np.uint8)),
    }
    for name, image in kinds.items():
        file = tmp_path / (f"{name}.jpg" if image.mode == "CMYK" else name)
        image.save(file)
        pixels = image_folder.read(file, 16)
        assert pixels.shape == (3, 16, 16)
        assert 0 <= pixels.min() <= pixels.max() <= 255
        if image.mode == "L":
            np.testing.assert_array_equal(pixels[0], pixels[2])


@pytest.mark.parametrize("model", ["mlp", "gelu_mlp", "vit_tiny"])
def test_other_networks_take_the_recipe_too(model: str, tmp_path: Path) -> None:
    job = from_folder(model, folder(tmp_path), size=18, crop=16, batch=4)
    assert np.isfinite(job.gradients(torch.Generator().manual_seed(0)))


@pytest.mark.parametrize("model", ["rbm", "alphazero", "gpt_tiny", "steering", "irnn"])
def test_networks_that_see_no_pictures_are_refused(model: str, tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match=f"{model} does not classify pictures; .*alexnet"):
        from_folder(model, folder(tmp_path), size=18, crop=16)


def test_the_recipe_learns_a_folder(tmp_path: Path) -> None:
    job = from_folder(
        "alexnet",
        folder(tmp_path, each=12),
        size=32,
        crop=28,
        init="he_normal",
        batch=8,
        epochs=10,
        sizes={"channels": (8, 8, 8, 8, 8), "hidden": 16, "stem": (5, 1), "dropout": 0.0},
        recipe=dataclasses.replace(ALEXNET, rate=0.05),
    )
    assert (job.optimizer, job.momentum, job.weight_decay, job.steps) == ("sgd", 0.9, 5e-4, 30)
    trained = loop.run(job, steps=30, seed=0, every=30)
    assert trained.progress.scores[-1][1]["ten-crop accuracy"] == 1.0
    assert trained.failed is None


def test_the_recipe_learns_tables_of_encoded_pictures(tmp_path: Path) -> None:
    """CIFAR-10's layout on the public hub: a record with the bytes of a picture, and a label."""
    arrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    draws = np.random.default_rng(0)
    for name, count in (("train", 60), ("test", 20)):
        cells, labels = [], []
        for number in range(count):
            pixels = draws.integers(0, 120, (32, 32, 3), dtype=np.uint8)
            pixels[..., 2 * (number % 2)] += 100
            stream = io.BytesIO()
            Image.fromarray(pixels).save(stream, format="PNG")
            cells.append({"bytes": stream.getvalue(), "path": None})
            labels.append(number % 2)
        parquet.write_table(
            arrow.table({"img": cells, "label": labels}), tmp_path / f"{name}.parquet"
        )
    job = from_tables(
        "alexnet", tmp_path, samples=48, crop=28, init="he_normal", batch=12, epochs=10,
        sizes={"channels": (8, 8, 8, 8, 8), "hidden": 16, "stem": (5, 1), "dropout": 0.0},
        recipe=dataclasses.replace(ALEXNET, rate=0.05),
    )  # fmt: skip
    assert job.steps == 40, "48 of the 60 pictures, ten times"
    trained = loop.run(job, steps=40, seed=0, every=40)
    assert trained.progress.scores[-1][1]["ten-crop accuracy"] > 0.9
    (tmp_path / "test.parquet").unlink()
    with pytest.raises(InvalidInputError, match=r"test\.parquet is not there"):
        from_tables("alexnet", tmp_path, crop=28)
