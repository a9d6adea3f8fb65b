"""Experiments, their results and their page."""

import gradspace
import pytest
from conftest import smooth_pictures, write_picture


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    data = tmp_path_factory.mktemp("data")
    for name, seed in (("train", 0), ("val", 1), ("test", 2)):
        place = data / "RealChallengeFree" / name
        place.mkdir(parents=True)
        for i, picture in enumerate(smooth_pictures(24, 32, 32, seed)):
            write_picture(place / f"01_01_00_00_00_05_{i:04}.ppm", picture)
    seen = []
    experiment = gradspace.experiment(
        data,
        tmp_path_factory.mktemp("out") / "results",
        epochs=1,
        classifier_epochs=2,
        challenges="noise,rain",
        levels=[5],
        progress=lambda done, total: seen.append((done, total)),
    )
    assert seen
    return experiment


def test_results_are_there(run):
    assert set(run.columns["method"]) == {"VAE-A", "VAE-R", "VAE-L", "proposed"}
    assert set(run.columns["type"]) == {8, 9} and set(run.columns["level"]) == {5}
    assert all(0 <= auroc <= 1 for auroc in run.columns["auroc"])
    assert "proposed" in run.table() and "proposed" in run._repr_html_()
    assert gradspace.describe(run.folder)["type"]


def test_results_as_a_frame(run):
    pandas = pytest.importorskip("pandas")
    frame = gradspace.results(run.folder)
    assert isinstance(frame, pandas.DataFrame)
    assert frame["auroc"].tolist() == run.columns["auroc"]
    assert (frame["auroc_low"] <= frame["auroc"]).all() and (frame["auroc"] <= frame["auroc_high"]).all()
    assert frame.equals(gradspace.results(f"{run.folder}/results.json"))


def test_a_report_shows_itself(run):
    try:
        report = gradspace.report(run.folder)
    except ValueError as error:
        pytest.skip(str(error))
    shown = report._repr_html_()
    assert shown.startswith("<iframe srcdoc=") and "<script" not in shown
    assert report.path.endswith("report.html")


def test_what_is_not_possible(tmp_path):
    with pytest.raises(ValueError, match="one-class"):
        gradspace.experiment(tmp_path, tmp_path / "out", "odd")
    with pytest.raises(ValueError, match="RealChallengeFree"):
        gradspace.experiment(tmp_path / "none", tmp_path / "out")
    with pytest.raises(OSError):
        gradspace.report(tmp_path)
