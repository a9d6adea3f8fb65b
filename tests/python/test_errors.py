"""Exceptions are of Python's kinds and bear the command's own line."""

import errno
import pickle

import gradspace
import numpy as np
import pytest


def line_of(ran):
    return ran.stderr.splitlines()[-1].split("gradspace: ", 1)[1]


def test_a_missing_file(command, tmp_path):
    path = tmp_path / "none.safetensors"
    with pytest.raises(FileNotFoundError) as raised:
        gradspace.Model.load(path)
    assert raised.value.filename == str(path)
    assert raised.value.errno == errno.ENOENT
    assert str(raised.value) == line_of(command("info", path, check=False))


def test_a_file_of_another_format(data, command):
    path = data / "quality" / "bd_rate.json"
    with pytest.raises(gradspace.FormatError) as raised:
        gradspace.Model.load(path)
    assert str(path) in str(raised.value) and "\n" not in str(raised.value)
    with pytest.raises(ValueError):
        gradspace.Detector.load(path)


def test_an_image_of_a_wrong_size(command, data):
    images = data / "quality"
    pair = images / "pair1_ref.png", images / "pair2_ref_half.png"
    with pytest.raises(ValueError) as raised:
        gradspace.iqa(*pair)
    assert str(raised.value) in line_of(command("iqa", *pair, check=False))


def test_an_option_that_is_not_possible():
    with pytest.raises(ValueError, match="rain"):
        gradspace.challenge(np.zeros((9, 9), np.uint8), "drizzle", 1)
    with pytest.raises(ValueError, match="gradient"):
        gradspace.iqa(np.zeros((9, 9), np.uint8), np.zeros((9, 9), np.uint8), "psnr-z")


def test_a_type_that_is_not_possible(folder):
    with pytest.raises(TypeError, match="epochs"):
        gradspace.Model.train(folder[0], epochs="many")


def test_names_that_are_no_text(tmp_path):
    name = bytes(tmp_path) + b"/\xff\xfe.safetensors"
    with pytest.raises(FileNotFoundError) as raised:
        gradspace.Model.load(name)
    assert raised.value.filename.encode(errors="surrogateescape") == name


def test_exceptions_are_pickled(tmp_path):
    with pytest.raises(OSError) as raised:
        gradspace.Model.load(tmp_path / "none")
    again = pickle.loads(pickle.dumps(raised.value))
    assert type(again) is type(raised.value) and str(again) == str(raised.value)
    assert again.filename == raised.value.filename
