"""deap_nas.data: folders of images, read, refused, kept."""

from __future__ import annotations

import os
import shutil
import warnings
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from stand_ins import refuse

from deap_nas.data import Dataset, DataWarning, decode, kept, load_dataset

CLASSES = {"cat": 40, "dog": 80, "owl": 120}  # and the grey of their images


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Of a user of its own."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    return tmp_path / "home" / ".cache" / "deap_nas" / "images"


def image(path: Path, grey: int, shape: tuple[int, ...] = (4, 6)) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.full(shape, grey, np.uint8)).save(path)
    return path


def classes(folder: Path, n: int = 12, shape: tuple[int, ...] = (4, 6)) -> Path:
    """Class folders; each image has its own grey."""
    for name, grey in CLASSES.items():
        for i in range(n):
            image(folder / name / f"{i}.png", grey + i, shape)
    return folder


def parts(folder: Path, *names: str, n: int = 4) -> Path:
    for name in names:
        classes(folder / name, n)
    return folder


def names_of(dataset: Dataset, part: str) -> list[str]:
    labels = {"train": dataset.y_train, "val": dataset.y_val, "test": dataset.y_test}[part]
    return [dataset.class_names[label] for label in labels]


def check_files(folder: Path, dataset: Dataset) -> None:
    """Each image is that of its file, its class that of its folder, and none is in two parts."""
    for part, files in dataset.files.items():
        images = getattr(dataset, f"x_{part}")
        assert len(files) == len(images)
        for file, x, name in zip(files, images, names_of(dataset, part)):
            with Image.open(folder / file) as stored:
                assert np.array_equal(np.asarray(stored), x[..., 0])
            assert name in Path(file).parts
    assert max(Counter(f for files in dataset.files.values() for f in files).values()) == 1


def test_class_folders(tmp_path: Path) -> None:
    folder = classes(tmp_path / "mine")
    dataset = load_dataset(folder)
    assert dataset.class_names == ("cat", "dog", "owl")
    assert dataset.input_shape == (4, 6, 1)
    assert dataset.x_train.dtype == np.uint8
    counts = {part: Counter(names_of(dataset, part)) for part in dataset.files}
    assert counts == {
        "train": dict.fromkeys(CLASSES, 9),
        "val": dict.fromkeys(CLASSES, 1),
        "test": dict.fromkeys(CLASSES, 2),
    }
    check_files(folder, dataset)
    assert dataset.source == (
        f"read from {folder}: 36 images in 3 classes; test and val drawn with split_seed 0"
    )
    other = load_dataset(folder, split_seed=1)
    assert set(other.files["test"]) != set(dataset.files["test"])
    assert load_dataset(folder).fingerprint == dataset.fingerprint != other.fingerprint


@pytest.mark.parametrize("val", ["val", "valid", "validation"])
def test_a_folder_for_each_part(tmp_path: Path, val: str) -> None:
    folder = parts(tmp_path / "mine", "train", val, "test")
    shutil.rmtree(folder / val / "dog")  # a class that is not in all
    dataset = load_dataset(str(folder))
    assert [len(x) for x in (dataset.x_train, dataset.x_val, dataset.x_test)] == [12, 8, 12]
    assert all(file.startswith(val) for file in dataset.files["val"])
    check_files(folder, dataset)
    assert "drawn" not in dataset.source
    assert load_dataset(str(folder), split_seed=5).fingerprint == dataset.fingerprint


@pytest.mark.parametrize(("given", "drawn"), [("test", "val"), ("val", "test")])
def test_a_part_that_is_missing_is_drawn(tmp_path: Path, given: str, drawn: str) -> None:
    folder = parts(tmp_path / "mine", "train", given)
    dataset = load_dataset(str(folder))
    assert Counter(names_of(dataset, drawn)) == dict.fromkeys(CLASSES, 1)
    assert all(file.startswith("train") for file in dataset.files[drawn])
    check_files(folder, dataset)
    assert dataset.source.endswith(f"; {drawn} drawn with split_seed 0")


def test_a_class_that_is_called_train(tmp_path: Path) -> None:
    folder = tmp_path / "vehicles"
    for name in ("train", "bus"):
        for i in range(3):
            image(folder / name / f"{i}.jpg", 9 * i)
    assert load_dataset(str(folder)).class_names == ("bus", "train")


def test_classes_that_are_numbers_are_in_their_order(tmp_path: Path) -> None:
    for name in ("10", "9", "11", "b"):
        for i in range(3):
            image(tmp_path / "mine" / name / f"{i}.bmp", i)
    assert load_dataset(str(tmp_path / "mine")).class_names == ("9", "10", "11", "b")


def test_what_is_hidden_or_no_image_is_passed_over(tmp_path: Path) -> None:
    folder = classes(tmp_path / "mine")
    plain = load_dataset(str(folder))
    for name in (".DS_Store", "cat/Thumbs.db", "cat/.hidden.png", "dog/notes.txt", "labels.csv"):
        (folder / name).write_bytes(b"no image")
    image(folder / ".git" / "a.png", 3)
    image(folder / "__MACOSX" / "cat" / "a.png", 3)
    image(folder / "cat" / ".ipynb_checkpoints" / "a.png", 3)
    found = load_dataset(str(folder))
    assert (found.fingerprint, found.files) == (plain.fingerprint, plain.files)


def test_images_that_would_be_missed_are_told_of(tmp_path: Path) -> None:
    folder = classes(tmp_path / "mine")
    image(folder / "loose.png", 3)
    (folder / "cat" / "a.tiff").write_bytes(b"")
    with pytest.warns(DataWarning) as caught:
        load_dataset(str(folder))
    assert sorted(str(warning.message) for warning in caught) == [
        f"1 images are in no class folder ({folder / 'loose.png'}): they are passed over",
        f"1 images are not PNG, JPEG, BMP or WebP ({folder / 'cat' / 'a.tiff'}): they are passed "
        "over",
    ]


def test_folders_within_a_class(tmp_path: Path) -> None:
    folder = classes(tmp_path / "mine", n=3)
    image(folder / "cat" / "more" / "0.png", 77)
    dataset = load_dataset(str(folder))
    files = [file for each in dataset.files.values() for file in each]
    assert os.path.join("cat", "more", "0.png") in files
    check_files(folder, dataset)


def test_one_colour_makes_all_colour(tmp_path: Path) -> None:
    folder = classes(tmp_path / "mine")
    red = np.zeros((4, 6, 3), np.uint8) + np.array([200, 30, 30], np.uint8)
    Image.fromarray(red).save(folder / "owl" / "3.png")
    dataset = load_dataset(str(folder))
    assert dataset.input_shape == (4, 6, 3)
    images = {
        file: x
        for part, files in dataset.files.items()
        for file, x in zip(files, getattr(dataset, f"x_{part}"))
    }
    assert np.array_equal(images[os.path.join("owl", "3.png")], red)
    assert (images[os.path.join("cat", "3.png")] == 43).all()
    grey = load_dataset(str(folder), grey=True)
    assert grey.input_shape == (4, 6, 1)
    assert (grey.class_names, grey.files) == (dataset.class_names, dataset.files)


def test_a_size_for_all(tmp_path: Path) -> None:
    folder = classes(tmp_path / "mine")
    image(folder / "cat" / "0.png", 40, (30, 20))
    dataset = load_dataset(str(folder), image_size=(5, 7))
    assert dataset.input_shape == (5, 7, 1)
    assert set(dataset.x_train[dataset.y_train == 0].ravel()) <= set(range(40, 52))


def mixed(folder: Path) -> None:
    image(folder / "dog" / "5.png", 3, (4, 5))


def cut(folder: Path) -> None:
    path = folder / "dog" / "5.png"
    path.write_bytes(path.read_bytes()[:40])


def leave(folder: Path, n: int) -> None:
    for path in list((folder / "dog").iterdir())[n:]:
        path.unlink()


def nest(folder: Path) -> None:
    (folder / "in").mkdir()
    for name in CLASSES:
        (folder / name).rename(folder / "in" / name)


def in_train(folder: Path) -> None:
    (folder / "train").mkdir()
    for name in ("cat", "owl"):
        (folder / name).rename(folder / "train" / name)


# What is wrong, words of the message, and the remedy that it names.
BAD: dict[str, tuple[Callable[[Path], object], tuple[str, ...], Callable[[Path], object]]] = {
    "mixed sizes": (
        mixed,
        ("dog/5.png has 4x5 pixels (height x width)", "cat/0.png 4x6", "--image-size 4x6"),
        lambda folder: None,
    ),
    "a broken image": (
        cut,
        ("dog/5.png cannot be read", "PNG, JPEG, BMP or WebP; replace it, or delete it"),
        lambda folder: (folder / "dog" / "5.png").unlink(),
    ),
    "no image": (
        lambda folder: leave(folder, 0),
        ("dog has no image", "add some, or delete the folder"),
        lambda folder: (folder / "dog").rmdir(),
    ),
    "one image": (
        lambda folder: leave(folder, 1),
        ("class dog has 1 image to train on (", "dog/", "allowed 3 or more", "add some"),
        lambda folder: [image(folder / "dog" / f"a{i}.png", i) for i in range(2)],
    ),
    "two images": (
        lambda folder: leave(folder, 2),
        ("class dog has 2 images to train on", "or delete its folder"),
        lambda folder: shutil.rmtree(folder / "dog"),
    ),
    "one folder": (
        nest,
        ("mine has 1 folders in it", "name the folder that has the class folders"),
        lambda folder: [(folder / "in" / n).rename(folder / n) for n in CLASSES]
        + [(folder / "in").rmdir()],
    ),
    "beside train": (
        in_train,
        ("dog is beside", "allowed train, val and test; move it away"),
        lambda folder: (folder / "dog").rename(folder / "train" / "dog"),
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD)
def test_bad_folder(tmp_path: Path, cache: Path, case: str) -> None:
    spoil, words, remedy = BAD[case]
    folder = classes(tmp_path / "mine")
    spoil(folder)
    refuse(lambda: load_dataset(str(folder)), str(folder), *words)
    assert not cache.exists(), "nothing is kept of it"
    remedy(folder)
    size = (4, 5) if case == "mixed sizes" else None
    assert len(load_dataset(str(folder), image_size=size).x_test)


def test_a_class_that_is_not_trained_on(tmp_path: Path) -> None:
    folder = parts(tmp_path / "mine", "train", "test")
    image(folder / "test" / "fox" / "1.png", 3)
    words = ("test has the class fox", "allowed cat, dog, owl", "add images", "delete the folder")
    refuse(lambda: load_dataset(str(folder)), *words)
    image(folder / "train" / "fox" / "1.png", 3)
    image(folder / "train" / "fox" / "2.png", 3)
    assert load_dataset(str(folder)).n_classes == 4


def test_a_folder_that_may_not_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = classes(tmp_path / "mine")
    scan = os.scandir

    def forbidden(path: str) -> object:
        if str(path).endswith("dog"):
            raise PermissionError(13, "Permission denied", str(path))
        return scan(path)

    with monkeypatch.context() as patch:
        patch.setattr(os, "scandir", forbidden)
        words = (f"{folder / 'dog'} cannot be read (Permission denied)", "allow it")
        refuse(lambda: load_dataset(str(folder)), *words)
    load_dataset(str(folder))


def test_more_images_than_the_memory_holds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = classes(tmp_path / "mine", shape=(300, 300))
    monkeypatch.setattr("deap_nas.evaluation.machine.memory", lambda: 4)
    refuse(lambda: load_dataset(str(folder)), "36 images of 300x300 pixels", "--image-size such as")
    load_dataset(str(folder), image_size=(64, 64))


@pytest.mark.parametrize("given", [{"grey": True}, {"image_size": (8, 8)}])
def test_only_images_of_a_folder_are_brought_to_a_size_or_to_grey(given: dict[str, object]) -> None:
    words = (next(iter(given)), "'fashion_mnist_mini'", "allowed with a folder", "leave it out")
    refuse(lambda: load_dataset("fashion_mnist_mini", **given), *words)  # type: ignore[arg-type]
    load_dataset("fashion_mnist_mini")


def test_names_of_files_that_are_no_text(tmp_path: Path) -> None:
    folder = classes(tmp_path / "mine", n=3)
    odd = os.fsdecode(b"\xff, \xfe.png")
    (folder / "cat" / "0.png").rename(folder / "cat" / odd)
    dataset = load_dataset(str(folder))
    assert any(odd in file for files in dataset.files.values() for file in files)
    check_files(folder, dataset)


@pytest.fixture
def decoded(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The files that are decoded."""
    files: list[Path] = []
    read = decode.read_picture
    monkeypatch.setattr(
        decode, "read_picture", lambda path, *how: (files.append(path), read(path, *how))[1]
    )
    return files


def test_decoded_once_and_kept(tmp_path: Path, cache: Path, decoded: list[Path]) -> None:
    folder = classes(tmp_path / "mine")
    told: list[tuple[int, int]] = []
    first = load_dataset(str(folder), tell=lambda *numbers: told.append(numbers))
    assert told == [(i + 1, 36) for i in range(36)]
    assert len(set(decoded)) == 36
    decoded.clear()
    again = load_dataset(str(folder), tell=lambda *numbers: told.append(numbers))
    (folder / "cat").rename(folder / "bat")  # another name, the same images
    renamed = load_dataset(str(folder), split_seed=3)
    assert decoded == []
    assert len(told) == 36
    assert again.fingerprint == first.fingerprint
    assert renamed.class_names == ("bat", "dog", "owl")
    assert len(list(cache.iterdir())) == 1


def test_another_content_or_another_way_is_decoded_anew(
    tmp_path: Path, cache: Path, decoded: list[Path]
) -> None:
    folder = classes(tmp_path / "mine")
    path = folder / "cat" / "0.png"
    before, fingerprint = path.stat(), load_dataset(str(folder)).fingerprint
    image(path, 99)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))  # its time tells nothing
    decoded.clear()
    assert load_dataset(str(folder)).fingerprint != fingerprint
    assert path in decoded
    for how in ({"grey": True}, {"image_size": (8, 8)}):
        decoded.clear()
        load_dataset(str(folder), **how)  # type: ignore[arg-type]
        assert path in decoded


@pytest.mark.parametrize(
    "damage", [lambda d: d[: len(d) // 2], lambda d: d[:-400] + b"x" + d[-399:]]
)
def test_what_is_kept_and_damaged_is_decoded_anew(
    tmp_path: Path, cache: Path, decoded: list[Path], damage: Callable[[bytes], bytes]
) -> None:
    folder = classes(tmp_path / "mine")
    fingerprint = load_dataset(str(folder)).fingerprint
    (path,) = cache.iterdir()
    path.write_bytes(damage(path.read_bytes()))
    decoded.clear()
    assert load_dataset(str(folder)).fingerprint == fingerprint
    assert decoded


def test_no_more_is_kept_than_some(
    tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept, "MOST", 2)
    folder = classes(tmp_path / "mine")
    for i, size in enumerate([(8, 8), (9, 9), (8, 8), (7, 7)]):
        load_dataset(str(folder), image_size=size)
        for path in cache.iterdir():  # times that can be told apart
            os.utime(path, (i, path.stat().st_mtime - 1000))
    assert len(list(cache.iterdir())) == 2


def test_where_nothing_can_be_kept(tmp_path: Path, cache: Path, decoded: list[Path]) -> None:
    folder = classes(tmp_path / "mine")
    cache.parent.parent.mkdir(parents=True)
    cache.parent.write_text("a file where the cache should be")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for _ in range(2):
            assert len(load_dataset(str(folder)).x_train) == 27
    assert len(decoded) > 72
