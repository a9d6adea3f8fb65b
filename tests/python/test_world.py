"""What the world does to a process: Ctrl-C, threads, fork, a busy interpreter, functions that raise."""

import os
import pathlib
import signal
import subprocess
import sys
import threading
import time
import warnings

import gradspace
import numpy as np
import pytest

IMAGES = np.random.default_rng(0).integers(0, 256, (300, 28, 28, 3), dtype=np.uint8)


def interrupted(work, progress_seen):
    """Sends this process a SIGINT once `progress_seen` is set, while `work` runs."""

    def send():
        if progress_seen.wait(60):
            os.kill(os.getpid(), signal.SIGINT)

    sender = threading.Thread(target=send)
    sender.start()
    try:
        with pytest.raises(KeyboardInterrupt):
            work()
    finally:
        progress_seen.set()
        sender.join()


def test_ctrl_c_ends_training_and_it_goes_on(tmp_path):
    seen = threading.Event()
    options = {"epochs": 12, "batch": 32, "seed": 3, "checkpoint": tmp_path / "checkpoint"}

    def progress(done, total):
        if (tmp_path / "checkpoint").exists():
            seen.set()

    def endless():
        gradspace.Model.train(IMAGES, **{**options, "epochs": 100_000}, progress=progress)

    interrupted(endless, seen)
    assert (tmp_path / "checkpoint").exists()
    (tmp_path / "checkpoint").unlink()
    whole = gradspace.Model.train(IMAGES, **options)

    def stop(done, total):
        if (tmp_path / "second").exists():
            raise Enough

    parted = {**options, "checkpoint": tmp_path / "second"}
    try:
        gradspace.Model.train(IMAGES, **parted, progress=stop)
    except Enough:
        pass
    resumed = gradspace.Model.train(IMAGES, **parted, resume=True)
    assert resumed.fingerprint == whole.fingerprint
    assert len(resumed.history[0]) == 12 and "validation_loss" in resumed.history[0][0]


def test_ctrl_c_ends_extraction(model):
    seen = threading.Event()
    many = np.broadcast_to(IMAGES[0], (400_000, 28, 28, 3))

    def work():
        gradspace.extract(model, many, "mu", threads=1, progress=lambda done, total: seen.set())

    interrupted(work, seen)


class Enough(Exception):
    pass


def test_a_set_goes_on_where_it_was_stopped(model, folder, tmp_path):
    many = sorted(folder[0].iterdir()) * 400

    def stop(done, total):
        if 0 < done < total:
            raise Enough

    with pytest.raises(Enough):
        gradspace.FeatureSet.write(tmp_path / "set", model, many, "mu", progress=stop)
    assert not (tmp_path / "set").exists() and list(tmp_path.iterdir())
    again = gradspace.FeatureSet.write(tmp_path / "set", model, many, "mu")
    whole = gradspace.FeatureSet.write(tmp_path / "whole", model, many, "mu")
    assert (again.rows == whole.rows).all() and len(again) == len(many)


def test_ctrl_c_ends_scoring_of_files(detector, folder):
    seen = threading.Event()
    many = sorted(folder[0].iterdir()) * 4000
    interrupted(lambda: detector.score(many, threads=1, progress=lambda done, total: seen.set()), seen)


def test_what_progress_raises_ends_the_work(model):
    def progress(done, total):
        raise Enough

    with pytest.raises(Enough):
        gradspace.extract(model, np.repeat(IMAGES, 40, axis=0), progress=progress)


def test_progress_is_told_by_the_thread_that_asked(model, tmp_path):
    calls = []

    def progress(done, total):
        calls.append((done, total, threading.current_thread()))

    gradspace.extract(model, IMAGES, progress=progress)
    assert calls[-1][:2] == (300, 300)
    assert {thread for _, _, thread in calls} == {threading.current_thread()}
    assert [done for done, _, _ in calls] == sorted(done for done, _, _ in calls)


def test_a_bar_is_shown_where_there_is_tqdm(model, capsys):
    pytest.importorskip("tqdm")
    gradspace.extract(model, IMAGES, progress=True)
    assert "300/300" in capsys.readouterr().err


def test_warnings_that_are_errors_end_the_work(model, folder, tmp_path):
    broken = tmp_path / "broken.ppm"
    broken.write_bytes(b"P6 1 1 255\n")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(gradspace.LeftOutWarning, match="broken.ppm"):
            gradspace.extract(model, [broken, folder[0] / "00.ppm"])


def test_warnings_point_at_the_caller(model, folder, tmp_path):
    broken = tmp_path / "broken.ppm"
    broken.write_bytes(b"P6 1 1 255\n")
    with pytest.warns(gradspace.LeftOutWarning) as caught:
        gradspace.extract(model, [broken, folder[0] / "00.ppm"])
    assert pathlib.Path(caught[0].filename).name == pathlib.Path(__file__).name


def test_threads_share_models_detectors_and_references(model, detector, data):
    expected = gradspace.extract(model, IMAGES)
    scores = detector.score(IMAGES[:50]).score
    reference = gradspace.Reference(data / "quality" / "pair1_ref.png")
    quality = reference.score(data / "quality" / "pair1_blur.png")
    wrong = []

    def work():
        for _ in range(3):
            if not (gradspace.extract(model, IMAGES, threads=2) == expected).all():
                wrong.append("extract")
            if not (detector.score(IMAGES[:50]).score == scores).all():
                wrong.append("score")
            if reference.score(data / "quality" / "pair1_blur.png") != quality:
                wrong.append("iqa")

    workers = [threading.Thread(target=work) for _ in range(6)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert wrong == []


def test_other_threads_run_meanwhile(model):
    """While extraction works, another thread of Python does, too: the GIL is released."""
    counted = [0]
    stop = threading.Event()

    def count():
        while not stop.is_set():
            counted[0] += 1
            time.sleep(0)

    counter = threading.Thread(target=count)
    counter.start()
    try:
        before = counted[0]
        gradspace.extract(model, np.repeat(IMAGES, 20, axis=0), threads=1)
        assert counted[0] > before
    finally:
        stop.set()
        counter.join()


FORKS = """
import os, sys, gradspace, numpy as np
images = np.random.default_rng(0).integers(0, 256, (300, 28, 28, 3), dtype=np.uint8)
model = gradspace.Model.initialise(seed=1)
folder = sys.argv[1]
detector = gradspace.Detector.fit(folder, method="image-statistics", false_alarms=0.1)
rows = gradspace.extract(model, images)
scores = detector.score(folder).score
for _ in range(3):
    child = os.fork()
    if child == 0:
        same = (gradspace.extract(model, images) == rows).all() and (detector.score(folder).score == scores).all()
        os._exit(0 if same else 1)
    _, status = os.waitpid(child, 0)
    assert status == 0, status
print("done")
"""


def test_children_of_fork_work(folder):
    ran = subprocess.run(
        [sys.executable, "-c", FORKS, folder[0]], capture_output=True, text=True, timeout=120, check=False
    )
    assert ran.stdout == "done\n", ran.stderr
