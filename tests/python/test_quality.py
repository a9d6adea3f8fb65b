"""Image quality and the challenges: numbers of scikit-image and of the command."""

import csv
import io
import json

import gradspace
import numpy as np
import pytest
from conftest import smooth_pictures, write_picture


def test_companions_are_those_of_scikit_image(data):
    golden = json.loads((data / "quality" / "companions.json").read_text())["scores"]
    for pair in golden:
        scores = gradspace.iqa(
            data / "quality" / pair["reference"], data / "quality" / pair["distorted"], ["psnr", "ssim"]
        )
        assert scores["psnr"] == pytest.approx(pair["psnr"], rel=1e-9)
        assert list(scores) == ["psnr", "ssim"]


def test_scores_are_those_of_the_command(tmp_path, command):
    pair = tmp_path / "reference.ppm", tmp_path / "distorted.ppm"
    picture = smooth_pictures(1, 176, 200)[0]
    write_picture(pair[0], picture)
    write_picture(pair[1], gradspace.challenge(picture, "noise", 2))
    ran = command("iqa", *pair, "--metric", "all", "--format", "csv")
    lines = [line for line in ran.stdout.splitlines() if not line.startswith("#")]
    (printed,) = csv.DictReader(io.StringIO("\n".join(lines)))
    scores = gradspace.iqa(*pair, ["all"])
    assert set(scores) == {metric.name for metric in gradspace.metrics()}
    for name, score in scores.items():
        assert score == float(printed[name]), name


def test_arrays_score_as_files(data):
    reference = gradspace.read_image(data / "quality" / "pair1_ref.png")
    distorted = gradspace.read_image(data / "quality" / "pair1_blur.png")
    of_files = gradspace.iqa(data / "quality" / "pair1_ref.png", data / "quality" / "pair1_blur.png")
    assert gradspace.iqa(reference, distorted) == of_files
    flipped = distorted[::-1].copy()[::-1]
    assert gradspace.iqa(np.asfortranarray(reference), flipped) == of_files


def test_a_reference_is_prepared_once(data):
    original = data / "quality" / "pair1_ref.png"
    prepared = gradspace.Reference(original, ["gradient", "ssim"])
    for name in ("pair1_blur.png", "pair1_noise.png"):
        distorted = data / "quality" / name
        assert prepared.scores(distorted) == gradspace.iqa(original, distorted, ["gradient", "ssim"])
    with pytest.raises(ValueError, match="several"):
        prepared.score(data / "quality" / "pair1_blur.png")
    assert gradspace.Reference(data / "quality" / "pair1_ref.png").score(data / "quality" / "pair1_ref.png") == 1


def test_identical_images():
    image = smooth_pictures(1, 176, 200)[0]
    for metric in gradspace.metrics():
        assert gradspace.iqa(image, image, metric.name) == metric.of_identical_images


def test_bad_images_are_refused(data):
    image = gradspace.read_image(data / "quality" / "pair1_ref.png")
    with pytest.raises(ValueError, match="reference"):
        gradspace.iqa(image.astype(np.float32), image)
    with pytest.raises(ValueError, match="distorted"):
        gradspace.iqa(image, image[:, :, :2])
    with pytest.raises(ValueError):
        gradspace.iqa(image, image[:-1])
    with pytest.raises(ValueError):
        gradspace.iqa(image[:2, :2], image[:2, :2])


def test_the_gradient_map_tells_where(data):
    reference = gradspace.read_image(data / "quality" / "pair1_ref.png")
    assert not gradspace.gradient_map(reference, reference).any()
    blurred = gradspace.read_image(data / "quality" / "pair1_blur.png")
    values = gradspace.gradient_map(reference, blurred)
    score = gradspace.iqa(reference, blurred)
    assert abs(1 - values.mean()) ** 10 == pytest.approx(score, rel=1e-6)


def test_equivalents():
    equivalent = gradspace.quality_equivalent("gradient", 1.0)
    assert equivalent.better and equivalent.jpeg_quality == 98
    better, worse = (gradspace.quality_equivalent("ssim", score).jpeg_quality for score in (0.98, 0.9))
    assert better > worse
    with pytest.raises(ValueError):
        gradspace.quality_equivalent("psnr-z", 1.0)
    with pytest.raises(ValueError):
        gradspace.quality_equivalent("ssim", float("nan"))


def test_bd_rate():
    anchor = [(0.1, 30.0), (0.2, 33.0), (0.4, 36.0), (0.8, 39.0)]
    halved = [(rate / 2, quality) for rate, quality in anchor]
    assert gradspace.bd_rate(anchor, halved).rate == pytest.approx(-50, abs=1e-6)
    assert gradspace.bd_rate(anchor[:1], halved).refusal


def test_challenges_are_those_of_the_command(tmp_path, command):
    picture = smooth_pictures(1, 40, 48)[0]
    write_picture(tmp_path / "a.ppm", picture)
    for name, level in (("rain", 3), ("noise", 5), ("gaussian-blur", 1)):
        out = tmp_path / f"{name}.ppm"
        command("challenge", "--in", tmp_path / "a.ppm", "--out", out, "--types", name, "--levels", level, "--seed", 7)
        seed = gradspace.challenge_seed(7, name, "a.ppm")
        assert (gradspace.challenge(picture, name, level, seed) == gradspace.read_image(out)).all()
        assert (gradspace.challenge(tmp_path / "a.ppm", name, level, seed) == gradspace.read_image(out)).all()


def test_challenges_of_all_layouts():
    assert [challenge.number for challenge in gradspace.challenges()] == list(range(1, 13))
    picture = smooth_pictures(1, 40, 48)[0]
    for challenge in gradspace.challenges():
        made = gradspace.challenge(picture, challenge.name, 3, seed=1)
        assert made.shape == picture.shape and made.dtype == np.uint8
        assert (gradspace.challenge(np.asfortranarray(picture), challenge.number, 3, seed=1) == made).all()
    assert gradspace.challenge(picture[..., 0], "rain", 3).shape == (40, 48)
    for bad in (0, 6):
        with pytest.raises(ValueError, match="level"):
            gradspace.challenge(picture, "rain", bad)
