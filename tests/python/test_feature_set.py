"""Feature sets: the command's bytes, mapped rows, the index."""

import csv
import gc
import shutil
import tarfile

import gradspace
import numpy as np
import pytest


@pytest.fixture(scope="module")
def feature_set(model, folder, tmp_path_factory):
    return gradspace.FeatureSet.write(tmp_path_factory.mktemp("sets") / "set", model, folder[0])


def test_a_set_is_byte_for_byte_that_of_the_command(feature_set, model_file, folder, tmp_path, command):
    command("extract", "--model", model_file, "--data", folder[0], "--out", tmp_path / "set", "--quiet")
    for name in ("features.npy", "index.csv"):
        with open(f"{feature_set.path}/{name}", "rb") as ours:
            assert ours.read() == (tmp_path / "set" / name).read_bytes(), name
    with open(f"{feature_set.path}/meta.json") as ours:
        theirs = (tmp_path / "set" / "meta.json").read_text()
        assert ours.read() == theirs


def test_rows_are_those_of_extract(feature_set, model, folder):
    assert (feature_set.rows == gradspace.extract(model, folder[0])).all()
    assert (np.asarray(feature_set) == feature_set.rows).all()
    assert feature_set.shape == feature_set.rows.shape == (60, model.columns()[-1].end)
    assert (feature_set.block("up.6:bce") == gradspace.extract(model, folder[0], "up.6:bce")).all()
    with pytest.raises(KeyError):
        feature_set.block("up.0:bce")
    feature_set.verify()


def test_rows_are_mapped_and_read_only(feature_set):
    rows = feature_set.rows
    assert not rows.flags.writeable and not rows.flags.owndata
    with pytest.raises(ValueError):
        rows[0, 0] = 1
    assert np.shares_memory(feature_set.block("down.6:kld"), rows)


def test_rows_outlive_their_set(feature_set):
    again = gradspace.FeatureSet.open(feature_set.path)
    rows = again.rows
    expected = rows.copy()
    del again
    gc.collect()
    assert (rows == expected).all()


def test_a_set_of_parts_has_the_rows_of_one(feature_set, model_file, folder, tmp_path, command):
    for i, file in enumerate(sorted(folder[0].iterdir())):
        shard = tmp_path / "shards" / ("a" if i < 25 else "b")
        shard.mkdir(parents=True, exist_ok=True)
        shutil.copy(file, shard)
    command("plan", tmp_path / "job", "--model", model_file, "--data", *sorted((tmp_path / "shards").iterdir()))
    command("work", tmp_path / "job", "--quiet")
    command("merge", tmp_path / "job", "--quiet")
    merged = gradspace.FeatureSet.open(tmp_path / "job")
    assert (merged.rows == feature_set.rows).all()
    assert [path.split("/", 1)[1] for path in merged.index["path"]] == feature_set.index["path"]
    merged.verify()


def test_the_index(feature_set):
    with open(f"{feature_set.path}/index.csv", newline="") as stream:
        written = list(csv.DictReader(stream))
    index = feature_set.index
    assert index["path"] == [row["path"] for row in written]
    for column in ("challenge", "level", "class", "label"):
        assert index[column].tolist() == [int(row[column]) for row in written]
    for column in ("bce", "kld"):
        assert index[column].tolist() == [np.float32(row[column]) for row in written]


def test_the_index_as_a_frame(feature_set):
    pandas = pytest.importorskip("pandas")
    frame = feature_set.frame()
    assert isinstance(frame, pandas.DataFrame) and len(frame) == 60 and frame["path"][3] == "03.ppm"


def test_a_set_of_an_older_version(data):
    older = gradspace.FeatureSet.open(data / "formats-0.1.0" / "set")
    assert older.shape == (40, 64)
    assert (older.rows == np.load(data / "formats-0.1.0" / "set" / "features.npy")).all()


@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_a_matrix_of_ones_own(tmp_path, kind):
    matrix = np.random.default_rng(0).normal(size=(7, 5)).astype(kind)
    np.save(tmp_path / "m.npy", matrix)
    opened = gradspace.FeatureSet.open(tmp_path / "m.npy")
    assert (opened.rows == matrix.astype(np.float32)).all()
    assert opened.columns == [gradspace.Column("feature", 0, 5)]


def test_damage_is_found(feature_set, tmp_path):
    import shutil

    damaged = tmp_path / "set"
    shutil.copytree(feature_set.path, damaged)
    content = bytearray((damaged / "features.npy").read_bytes())
    content[4000] ^= 1
    (damaged / "features.npy").write_bytes(content)
    with pytest.raises(gradspace.FormatError):
        gradspace.FeatureSet.open(damaged).verify()


def test_failures_are_listed(model, folder, tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "good.ppm").write_bytes((folder[0] / "00.ppm").read_bytes())
    (tmp_path / "in" / "bad.ppm").write_bytes(b"P6 8 8 255\n")
    with pytest.warns(gradspace.LeftOutWarning, match="bad.ppm"):
        written = gradspace.FeatureSet.write(tmp_path / "set", model, tmp_path / "in")
    assert len(written) == 1
    assert [failure.path for failure in written.failures] == ["bad.ppm"]


def test_rows_of_an_archive_are_those_of_its_folder(folder, model, tmp_path, command, model_file):
    paths = sorted(folder[0].iterdir())
    with tarfile.open(tmp_path / "pictures.tar", "w") as archive:
        for path in paths:
            archive.add(path, path.name)
    (tmp_path / "pictures.lst").write_text("".join(f"{path}\n" for path in paths))
    loose = gradspace.FeatureSet.write(tmp_path / "loose", model, folder[0])
    for name in ("pictures.tar", "pictures.lst"):
        packed = gradspace.FeatureSet.write(tmp_path / f"of-{name}", model, tmp_path / name)
        assert packed.rows.tobytes() == loose.rows.tobytes()
    assert gradspace.FeatureSet.open(tmp_path / "of-pictures.tar").index["path"] == loose.index["path"]
    piped = f"pipe:cat '{tmp_path / 'pictures.tar'}'"
    command("extract", "--model", model_file, "--data", piped, "--out", tmp_path / "piped", "--quiet")
    assert gradspace.FeatureSet.open(tmp_path / "piped").rows.tobytes() == loose.rows.tobytes()
    with pytest.raises(ValueError, match="command line"):
        gradspace.Source(piped)
