"""Detectors: the command's numbers, arrays like files, pickling, calibration and drift."""

import csv
import io
import json
import pickle

import gradspace
import numpy as np
import pytest
from conftest import smooth_pictures, write_picture


def scores_of_command(ran):
    lines = [line for line in ran.stdout.splitlines() if not line.startswith("#")]
    return list(csv.DictReader(io.StringIO("\n".join(lines))))


@pytest.fixture(scope="module")
def fitted(model_file, folder):
    """Model and detector that asks it."""
    model = gradspace.Model.load(model_file)
    return model, gradspace.Detector.fit(folder[0], model, method="gradient-norm-density", false_alarms=0.1)


def test_files_score_as_by_the_command(detector, folder, tmp_path, command):
    path = tmp_path / "detector.safetensors"
    detector.save(path)
    printed = scores_of_command(command("score", "--detector", path, "--format", "csv", folder[0]))
    scores = detector.score(folder[0])
    assert scores.paths == [row["path"] for row in printed]
    assert scores.score.tolist() == [float(row["score"]) for row in printed]
    assert scores.p_value.tolist() == [float(row["p_value"]) for row in printed]
    assert ["out" if out else "in" for out in scores.out_of_distribution] == [row["verdict"] for row in printed]


def test_files_score_as_by_the_command_with_a_model(fitted, model_file, folder, tmp_path, command):
    model, detector = fitted
    path = tmp_path / "detector.safetensors"
    detector.save(path)
    printed = scores_of_command(
        command("score", "--model", model_file, "--detector", path, "--format", "csv", folder[0])
    )
    scores = detector.score(folder[0], model)
    assert scores.score.tolist() == [float(row["score"]) for row in printed]
    assert [float(np.float32(row["bce"])) for row in printed] == scores.bce.tolist()
    assert [float(np.float32(row["kld"])) for row in printed] == scores.kld.tolist()


def test_fitted_as_by_the_command(detector, folder, tmp_path, command):
    by_command = tmp_path / "command.safetensors"
    options = ["--method", "image-statistics", "--false-alarms", 0.1, "--quiet"]
    command("fit", "--data", folder[0], "--out", by_command, *options)
    detector.save(tmp_path / "python.safetensors")
    assert by_command.read_bytes() == (tmp_path / "python.safetensors").read_bytes()


def test_arrays_score_as_files(detector, fitted, folder):
    path, pictures = folder
    for one, model in ((detector, None), (fitted[1], fitted[0])):
        of_files = one.score(path, model)
        of_arrays = one.score(pictures, model)
        assert of_arrays.paths is None
        for field in ("score", "p_value", "out_of_distribution", "bce", "kld"):
            assert (getattr(of_files, field) == getattr(of_arrays, field)).all()
        assert (one.score(pictures[:3][..., ::-1].copy()[..., ::-1], model).score == of_files.score[:3]).all()
    assert (detector.score(sorted(path.iterdir())[::-1]).score == detector.score(path).score[::-1]).all()


def test_fitted_to_arrays_is_fitted_to_files(detector, folder):
    by_arrays = gradspace.Detector.fit(folder[1], method="image-statistics", false_alarms=0.1)
    assert (by_arrays.score(folder[1]).score == detector.score(folder[1]).score).all()


def test_a_file_of_an_older_version_is_read(data):
    detector = gradspace.Detector.load(data / "formats-0.1.0" / "detector.safetensors")
    model = gradspace.Model.load(data / "formats-0.1.0" / "model.safetensors")
    images = np.random.default_rng(0).integers(0, 256, (5, 8, 8), dtype=np.uint8)
    scores = detector.score(images, model)
    assert np.isfinite(scores.score).all() and len(scores) == 5


def test_another_model_is_refused(fitted, folder, data):
    model, detector = fitted
    other = gradspace.Model.initialise(seed=3)
    with pytest.raises(ValueError, match="model"):
        detector.score(folder[1], other)
    with pytest.raises(ValueError, match="model"):
        detector.score(folder[0], other)
    with pytest.raises(ValueError, match="model"):
        detector.score(folder[1])


def test_what_is_damaged_scores_higher(detector, folder):
    noise = np.stack([gradspace.challenge(picture, "noise", 5) for picture in folder[1]])
    assert np.median(detector.score(noise).score) > np.median(detector.score(folder[1]).score)


def test_a_file_that_can_not_be_read_is_left_out(detector, folder, tmp_path):
    write_picture(tmp_path / "a.ppm", folder[1][0])
    (tmp_path / "b.ppm").write_bytes(b"P6 9 9 255\n")
    with pytest.warns(gradspace.LeftOutWarning, match="b.ppm"):
        scores = detector.score(tmp_path)
    assert [path.endswith("a.ppm") for path in scores.paths] == [True]


def test_models_and_detectors_are_pickled(fitted, model_file, folder):
    model, detector = pickle.loads(pickle.dumps(fitted))
    assert model.fingerprint == fitted[0].fingerprint
    assert (detector.score(folder[1], model).score == fitted[1].score(folder[1], fitted[0]).score).all()
    # One that is in memory alone has the fingerprint of what it would be written as, and so has its copy.
    initial = gradspace.Model.initialise((20, 20), seed=1)
    assert pickle.loads(pickle.dumps(initial)).fingerprint == initial.fingerprint


def test_thresholds(detector):
    stricter = detector.with_false_alarms(0.5)
    assert stricter.threshold == detector.calibration.threshold(0.5) < detector.threshold
    assert detector.with_threshold(1.5).threshold == 1.5
    with pytest.raises(ValueError):
        detector.with_false_alarms(1e-9)


def test_calibration_is_conformal():
    clean = np.random.default_rng(0).normal(size=199)
    calibration = gradspace.calibrate(clean)
    assert len(calibration) == 199
    assert calibration.threshold(0.05) >= np.sort(clean)[190 - 1]
    assert calibration.p_value(10.0) == pytest.approx(1 / 200)
    score = np.array([-10.0, 0.3, 10.0])
    expected = [(1 + (clean >= one).sum()) / 200 for one in score]
    assert calibration.p_value(score) == pytest.approx(expected)
    with pytest.raises(ValueError):
        gradspace.calibrate([1.0, np.nan])


def test_drift_is_seen_and_a_clean_stream_left_alone(detector):
    random = np.random.default_rng(5)
    clean = random.normal(size=400)
    drift = gradspace.Drift(clean, window=50)
    assert not any(window.drifted for window in drift.add(random.normal(size=499)))
    assert (drift.images, drift.windows) == (499, 9)
    (window,) = gradspace.Drift(clean, window=50).add(random.normal(1.5, size=50))
    assert window.drifted and window.number == 1 and window.first_image == 0
    with pytest.raises(ValueError):
        drift.add(np.nan)
    with pytest.raises(ValueError):
        gradspace.Drift(clean, window=1)
    assert gradspace.Drift(detector.with_false_alarms(0.2), window=40).images == 0


def test_a_stream_can_be_its_own_reference():
    random = np.random.default_rng(3)
    drift = gradspace.Drift(reference=100, window=20)
    assert drift.add(random.normal(7, size=60)) == [] and drift.reference_missing == 40
    assert not any(window.drifted for window in drift.add(random.normal(7, size=100)))
    assert drift.reference_missing == 0 and drift.windows == 3
    (window,) = drift.add(random.normal(9, size=20))
    assert window.drifted and window.first_image == 160
    for wrong in ({}, {"clean": [1.0, 2.0], "reference": 100}, {"reference": 1}):
        with pytest.raises(ValueError):
            gradspace.Drift(**wrong)


def test_drift_is_that_of_the_command(detector, folder, tmp_path, command):
    detector.save(tmp_path / "detector.safetensors")
    options = ["--detector", tmp_path / "detector.safetensors", "--window", 30, "--format", "jsonl"]
    ran = command("drift", *options, folder[0])
    printed = [json.loads(line) for line in ran.stdout.splitlines()]
    windows = gradspace.Drift(detector, window=30).add(detector.score(folder[0]).score)
    rows = [row for row in printed if "distance" in row]
    assert [row["distance"] for row in rows] == [window.distance for window in windows]
    assert [row["p_value"] for row in rows] == [window.p_value for window in windows]


def test_a_classifier_of_features(model, folder, tmp_path):
    clean = gradspace.FeatureSet.write(tmp_path / "clean", model, folder[0])
    noisy_images = np.stack([gradspace.challenge(picture, "noise", 5) for picture in folder[1]])
    noisy = gradspace.FeatureSet.write(tmp_path / "noisy", model, noisy_images)
    classifier = gradspace.Detector.fit(clean, outliers=noisy, epochs=20)
    assert classifier.method == "classifier"
    assert np.median(classifier.score_features(noisy)) > np.median(classifier.score_features(clean))
    assert classifier.score(folder[1], model).score == pytest.approx(classifier.score_features(clean), abs=1e-6)


def test_features_of_ones_own():
    random = np.random.default_rng(2)
    detector = gradspace.Detector.fit(random.normal(size=(500, 4)), false_alarms=0.05)
    assert detector.method == "mahalanobis"
    scores = detector.score_features(np.array([[0.0, 0, 0, 0], [9, 9, 9, 9]]))
    assert scores[1] > detector.threshold > scores[0]
    with pytest.raises(ValueError, match="NaN"):
        detector.score_features(np.full((2, 4), np.nan))
    with pytest.raises(ValueError):
        detector.score_features(np.zeros((2, 5)))


@pytest.mark.filterwarnings("ignore::gradspace.RemarkWarning")
def test_photographs_by_their_tiles(tmp_path):
    photographs = smooth_pictures(40, 90, 100, seed=4)
    detector = gradspace.Detector.fit(
        list(photographs), method="photograph-image", tiles=(28, 28), false_alarms=0.2
    )
    scores, p_values = detector.map(photographs[0])
    assert scores.shape == p_values.shape == (3, 3)
    judged = detector.score(list(photographs[:3]))
    assert np.isfinite(judged.score).all()
    for i in range(2):
        write_picture(tmp_path / f"{i}.ppm", photographs[i])
    assert (detector.score(tmp_path).score == judged.score[:2]).all()
    with pytest.raises(ValueError, match="image 0"):
        detector.score([photographs[0][:20]])


def test_methods_are_listed():
    names = {method.name: method for method in gradspace.methods()}
    assert names["image-statistics"].needs_model is False
    assert names["photograph"].learns_from == "tiles"
    assert names["mahalanobis"].learns_from == "features"


def test_frames(detector, folder):
    pytest.importorskip("pandas")
    frame = detector.score(folder[0]).frame()
    assert list(frame.columns) == ["path", "score", "p_value", "bce", "kld", "verdict"]
    assert len(frame) == 60 and set(frame["verdict"]) <= {"in", "out"}


def test_what_does_not_go_together_is_refused(model, folder):
    rows = np.zeros((50, 4), np.float32)
    with pytest.raises(ValueError, match="outliers"):
        gradspace.Detector.fit(folder[0], method="image-statistics", outliers=rows)
    with pytest.raises(ValueError, match="model"):
        gradspace.Detector.fit(rows, model)
    with pytest.raises(ValueError, match="seed"):
        gradspace.Detector.fit(folder[0], method="image-statistics", seed=-1)
    with pytest.raises(TypeError, match="false_alarms"):
        gradspace.Detector.fit(folder[0], method="image-statistics", false_alarms="few")
    with pytest.raises(ValueError, match="no-such-method"):
        gradspace.Detector.fit(folder[0], method="no-such-method")
