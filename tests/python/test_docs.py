"""The Python that README.md and pages of docs/ show is run, block after block, in a folder with small images."""

import pathlib
import re

import gradspace
import pytest
from conftest import smooth_pictures

ROOT = pathlib.Path(__file__).resolve().parents[2]
BLOCK = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def make_pictures(folder, image):
    """The files that the blocks name."""

    def save(place, pictures):
        place.mkdir(parents=True)
        for i, picture in enumerate(pictures):
            image.fromarray(picture).save(place / f"{i:02}.png")

    save(folder / "photos", smooth_pictures(100, 60, 64, seed=1))
    new = smooth_pictures(40, 60, 64, seed=2)
    new[::2] = [gradspace.challenge(picture, "noise", 5) for picture in new[::2]]
    save(folder / "new", new)
    save(folder / "signs", smooth_pictures(40, 28, 28, seed=3))
    for seed, name in enumerate(("train", "val", "test")):
        save(folder / "data" / "RealChallengeFree" / name, smooth_pictures(24, 28, 28, seed=seed))
    image.fromarray(smooth_pictures(1, 192, 192)[0]).save(folder / "photo.png")
    save(folder / "reference", smooth_pictures(2, 64, 64, seed=4))
    for codec in ("jpeg", "webp"):
        for quality in (30, 60):
            place = folder / f"{codec}-q{quality}"
            place.mkdir()
            for i, picture in enumerate(smooth_pictures(2, 64, 64, seed=4)):
                image.fromarray(picture).save(place / f"{i:02}.{codec}", quality=quality)


@pytest.mark.filterwarnings("ignore::gradspace.RemarkWarning")
@pytest.mark.parametrize("page", ["README.md", "docs/install.md", "docs/python.md"])
def test_what_the_page_shows_runs(page, tmp_path, monkeypatch):
    image = pytest.importorskip("PIL.Image")
    for module in ("pandas", "sklearn"):
        pytest.importorskip(module)
    blocks = BLOCK.findall((ROOT / page).read_text())
    assert blocks
    make_pictures(tmp_path, image)
    monkeypatch.chdir(tmp_path)
    names = {}
    for block in blocks:
        exec(compile(block, page, "exec"), names)
