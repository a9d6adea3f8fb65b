"""`evaluate`, GradCon's experiment, and what else turns files into files: the bytes that the command writes."""

import gzip
import struct

import gradspace
import numpy as np
import pytest
from conftest import smooth_pictures, write_picture


def files_of(folder):
    """All files below, by path; but the page, which says when it was made."""
    paths = [path for path in folder.rglob("*") if path.is_file() and path.name != "report.html"]
    return {str(path.relative_to(folder)): path.read_bytes() for path in paths}


@pytest.fixture(scope="module")
def noisy(tmp_path_factory):
    path = tmp_path_factory.mktemp("faults") / "noisy"
    path.mkdir()
    random = np.random.default_rng(5)
    for i, pixels in enumerate(smooth_pictures(12, 36, 40, seed=3)):
        noise = random.normal(0, 60, pixels.shape)
        write_picture(path / f"{i:02}.ppm", np.clip(pixels + noise, 0, 255).astype(np.uint8))
    return path


def test_evaluates_images_as_the_command_does(folder, detector, noisy, tmp_path, command):
    file = tmp_path / "detector.safetensors"
    detector.save(file)
    run = gradspace.evaluate(file, folder[0], noisy, tmp_path / "ours", name="statistics")
    table = command(
        *["evaluate", "--detector", file, "--inliers", folder[0], "--outliers", noisy],
        *["--name", "statistics", "--out", tmp_path / "theirs"],
    ).stdout
    assert run.table() == table
    assert files_of(tmp_path / "ours") == files_of(tmp_path / "theirs")
    assert run.columns["method"] == ["statistics"] and run.columns["name"] == ["noisy"]
    again = gradspace.evaluate(detector, folder[0], [noisy], tmp_path / "again")
    assert again.columns["auroc"] == run.columns["auroc"]
    with pytest.warns(gradspace.LeftOutWarning, match="none-such"):
        with pytest.raises(ValueError):
            gradspace.evaluate(detector, folder[0], [tmp_path / "none-such"], tmp_path / "wrong")
    with pytest.raises(ValueError, match="given twice"):
        gradspace.evaluate(detector, folder[0], [noisy, noisy], tmp_path / "wrong")


def test_evaluates_features_as_the_command_does(folder, model, model_file, noisy, tmp_path, command):
    clean = gradspace.FeatureSet.write(tmp_path / "clean", model, folder[0])
    other = gradspace.FeatureSet.write(tmp_path / "other", model, noisy)
    file = tmp_path / "detector.safetensors"
    gradspace.Detector.fit(clean, method="independent-gaussian", false_alarms=0.1).save(file)
    run = gradspace.evaluate(str(file), clean.path, other.path, tmp_path / "ours")
    command(
        *["evaluate", "--detector", file, "--inliers", clean.path, "--outliers", other.path],
        *["--out", tmp_path / "theirs"],
    )
    assert files_of(tmp_path / "ours") == files_of(tmp_path / "theirs")
    by_images = tmp_path / "of-images.safetensors"
    gradspace.Detector.fit(folder[0], model, method="reconstruction", false_alarms=0.1).save(by_images)
    gradspace.evaluate(by_images, folder[0], noisy, tmp_path / "images", model_file)
    command(
        *["evaluate", "--detector", by_images, "--model", model_file, "--inliers", folder[0]],
        *["--outliers", noisy, "--out", tmp_path / "images-theirs"],
    )
    assert files_of(tmp_path / "images") == files_of(tmp_path / "images-theirs")
    assert 0 <= run.columns["auroc"][0] <= 1


def write_idx(folder):
    """Two classes of grey pictures of 28x28, a hundred images each, as MNIST's files have them."""
    folder.mkdir()
    pictures = smooth_pictures(100, 28, 28)[..., 0]
    pictures = np.concatenate([pictures, 255 - pictures[:, ::-1]])
    labels = np.repeat([0, 1], 100).astype(np.uint8)
    order = np.random.default_rng(0).permutation(200)
    for name, content in (
        ("train-images-idx3-ubyte.gz", struct.pack(">4I", 0x803, 200, 28, 28) + pictures[order].tobytes()),
        ("train-labels-idx1-ubyte.gz", struct.pack(">2I", 0x801, 200) + labels[order].tobytes()),
    ):
        (folder / name).write_bytes(gzip.compress(content))


def test_gradcon_s_experiment_is_that_of_the_command(tmp_path, command):
    write_idx(tmp_path / "data")
    run = gradspace.gradcon_experiment(tmp_path / "data", tmp_path / "ours", classes=[1], epochs=1, batch=32, seed=2)
    command(
        *["experiment", "gradcon", "--data", tmp_path / "data", "--out", tmp_path / "theirs"],
        *["--classes", 1, "--epochs", 1, "--batch", 32, "--seed", 2, "--quiet"],
    )
    assert set(run.columns["method"]) == {"gradcon", "reconstruction", "gradient"}
    assert (tmp_path / "ours/results.csv").read_bytes() == (tmp_path / "theirs/results.csv").read_bytes()
    scores = "class_1_run_0/image_scores.csv"
    assert (tmp_path / "ours" / scores).read_bytes() == (tmp_path / "theirs" / scores).read_bytes()
    detectors = [tmp_path / side / "class_1_run_0/detector.safetensors" for side in ("ours", "theirs")]
    ours, theirs = (gradspace.Model.load(path).weights for path in detectors)
    assert ours and all((ours[name] == theirs[name]).all() for name in theirs)
    with pytest.raises(ValueError, match="class"):
        gradspace.gradcon_experiment(tmp_path / "data", tmp_path / "wrong", classes=[7])


def test_challenges_whole_folders_as_the_command_does(folder, tmp_path, command):
    clean = tmp_path / "clean"
    clean.mkdir()
    for i in range(3):
        write_picture(clean / f"{i}.ppm", folder[1][i])
    done = gradspace.challenge_files(clean, tmp_path / "ours", "rain,noise", [1, 4], seed=3, format="png")
    assert done == gradspace.ChallengedFiles(images=3, written=12, kept=0)
    command(
        *["challenge", "--in", clean, "--out", tmp_path / "theirs", "--types", "rain,noise", "--levels", "1,4"],
        *["--seed", 3, "--format", "png"],
    )
    assert files_of(tmp_path / "ours") == files_of(tmp_path / "theirs")
    gradspace.contact_sheet(clean, tmp_path / "sheet.png", "rain", [2])
    command("challenge", "--in", clean, "--types", "rain", "--levels", "2", "--sheet", tmp_path / "sheet2.png")
    assert (tmp_path / "sheet.png").read_bytes() == (tmp_path / "sheet2.png").read_bytes()
    with pytest.raises(ValueError, match="not empty"):
        gradspace.challenge_files(clean, tmp_path / "ours", "rain", [1])


def test_tiles_are_those_of_the_command(folder, model, model_file, tmp_path, command):
    ours = gradspace.FeatureSet.write(tmp_path / "ours", model, folder[0], tiles=(28, 28), tiles_per_image=2, seed=4)
    command(
        *["extract", "--model", model_file, "--data", folder[0], "--out", tmp_path / "theirs"],
        *["--tiles", "28x28", "--tiles-per-image", 2, "--seed", 4, "--quiet"],
    )
    assert ours.shape[0] == 120
    assert files_of(tmp_path / "ours") == files_of(tmp_path / "theirs")
    with pytest.raises(ValueError, match="tiles"):
        gradspace.FeatureSet.write(tmp_path / "wrong", model, folder[0], tiles="16x16")


def test_projections_in_16_bits_are_those_of_the_command(folder, model, model_file, tmp_path, command):
    ours = gradspace.FeatureSet.write(tmp_path / "ours", model, folder[0], project=5, project_seed=9, dtype="f16")
    command(
        *["extract", "--model", model_file, "--data", folder[0], "--out", tmp_path / "theirs"],
        *["--project", 5, "--project-seed", 9, "--dtype", "f16", "--quiet"],
    )
    assert files_of(tmp_path / "ours") == files_of(tmp_path / "theirs")
    stored = np.load(tmp_path / "ours" / "features.npy")
    assert stored.dtype == np.float16
    assert ours.rows.dtype == np.float32
    np.testing.assert_array_equal(ours.rows, stored)
    with pytest.raises(ValueError, match="f64"):
        gradspace.FeatureSet.write(tmp_path / "wrong", model, folder[0], dtype="f64")
    with pytest.raises(ValueError, match="projection"):
        gradspace.FeatureSet.write(tmp_path / "wrong", model, folder[0], project=10**6)


def test_imports_what_the_command_imports(data, tmp_path, command):
    checkpoint = data / "ood" / "vae.pth.tar"
    assert "ours.safetensors" in gradspace.import_file(checkpoint, tmp_path / "ours.safetensors")
    command("import", checkpoint, "--out", tmp_path / "theirs.safetensors")
    assert (tmp_path / "ours.safetensors").read_bytes() == (tmp_path / "theirs.safetensors").read_bytes()


def test_modules_are_told_with_what_is_missing_of_them():
    for module in gradspace.modules():
        assert module.name and module.purpose
        assert bool(module.library) != bool(module.failure)
