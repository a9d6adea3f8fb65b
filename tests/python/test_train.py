"""Training: the command's model, members, arrays."""

import gradspace
import numpy as np
import pytest


def test_a_model_is_byte_for_byte_that_of_the_command(folder, tmp_path, command):
    options = ["--epochs", 2, "--seed", 5, "--quiet"]
    command("train", "--data", folder[0], "--out", tmp_path / "command.safetensors", *options)
    model = gradspace.Model.train(folder[0], epochs=2, seed=5)
    model.save(tmp_path / "python.safetensors")
    assert (tmp_path / "python.safetensors").read_bytes() == (tmp_path / "command.safetensors").read_bytes()
    assert model.fingerprint == gradspace.Model.load(tmp_path / "python.safetensors").fingerprint


@pytest.mark.filterwarnings("ignore::gradspace.RemarkWarning")
def test_a_model_of_tiles_is_that_of_the_command(folder, tmp_path, command):
    options = {"epochs": 1, "tiles": "16x16", "tiles_per_image": 3}
    command("train", "--data", folder[0], "--epochs", 1, "--tiles", "16x16", "--tiles-per-image", 3,
            "--out", tmp_path / "command.safetensors", "--quiet")
    gradspace.Model.train(folder[0], **options).save(tmp_path / "python.safetensors")
    assert (tmp_path / "python.safetensors").read_bytes() == (tmp_path / "command.safetensors").read_bytes()


def test_arrays_train_as_files(folder, tmp_path):
    path, pictures = folder
    options = {"epochs": 2, "size": (32, 16), "seed": 1}
    of_arrays = gradspace.Model.train(pictures[:50], pictures[50:], **options)
    files = sorted(path.iterdir())
    of_files = gradspace.Model.train(files[:50], files[50:], **options)
    assert of_arrays.input == (3, 16, 32)
    for name, weight in of_arrays.weights.items():
        assert (weight == of_files.weights[name]).all()
    # Without validation images the last tenth is held out.
    held_out = gradspace.Model.train(pictures, **options)
    told = gradspace.Model.train(pictures[:54], pictures[54:], **options)
    assert (held_out.weights["fc2.weight"] == told.weights["fc2.weight"]).all()


def test_members_and_history(folder):
    model = gradspace.Model.train(folder[1], epochs=2, members=2)
    assert model.members == 2 and len(model.history) == 2
    assert [epoch["epoch"] for epoch in model.history[1]] == [1, 2]
    rows = gradspace.extract(model, folder[1][:4])
    assert [column.name for column in model.columns()][-1].endswith("#1")
    assert rows.shape == (4, model.columns()[-1].end)


def test_gradcon(folder, tmp_path, command):
    path, pictures = folder
    command("train", "--objective", "gradcon", "--data", path, "--epochs", 2, "--seed", 4,
            "--out", tmp_path / "gradcon.safetensors", "--quiet")
    model = gradspace.Model.train_gradcon(path, epochs=2, seed=4)
    by_command = gradspace.Model.load(tmp_path / "gradcon.safetensors")
    for name, weight in by_command.weights.items():
        assert (weight == model.weights[name]).all()
    detector = gradspace.Detector.fit(path, model, method="gradcon", false_alarms=0.1)
    scores = detector.score(pictures, model)
    assert np.isfinite(scores.score).all()
    # The command's file is a detector, too, whose scores have their two parts.
    both = gradspace.Detector.load(tmp_path / "gradcon.safetensors").score(pictures, by_command)
    assert (both.error > 0).all() and (abs(both.cosine) <= 1).all()


def test_grey_images(folder):
    model = gradspace.Model.train(folder[1][..., 0], epochs=1, channels=1)
    assert model.input == (1, 28, 28)
    assert np.isfinite(gradspace.extract(model, folder[1])).all()


def test_options_that_are_not_possible(folder, tmp_path):
    with pytest.raises(ValueError, match="epochs"):
        gradspace.Model.train(folder[0], epochs=0)
    with pytest.raises(OSError, match="nowhere"):
        gradspace.Model.train(tmp_path / "nowhere")
    with pytest.raises(ValueError):
        gradspace.Model.train(folder[1][:1])
    with pytest.raises(ValueError):
        gradspace.Model.train(folder[0], size="28")
