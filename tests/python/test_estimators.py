"""Estimators: scikit-learn's own checks, and pipelines."""

import pickle

import gradspace
import numpy as np
import pytest

pytest.importorskip("sklearn")

from gradspace.estimators import GradientFeatures, ImageDetector, OneClassDetector  # noqa: E402
from sklearn.base import clone  # noqa: E402
from sklearn.pipeline import make_pipeline  # noqa: E402
from sklearn.utils.estimator_checks import parametrize_with_checks  # noqa: E402


@parametrize_with_checks(
    [OneClassDetector(method) for method in ("mahalanobis", "independent-gaussian", "nearest-neighbour")]
)
@pytest.mark.filterwarnings("ignore")
def test_scikit_learn_accepts_the_estimator(estimator, check):
    check(estimator)


def test_scores_are_those_of_the_detector():
    random = np.random.default_rng(0)
    clean = random.normal(size=(400, 3))
    estimator = OneClassDetector(false_alarms=0.1).fit(clean)
    detector = gradspace.Detector.fit(clean, method="mahalanobis", false_alarms=0.1, seed=0)
    assert (estimator.score_samples(clean) == -detector.score_features(clean)).all()
    new = random.normal(size=(2000, 3))
    assert (estimator.predict(new) == -1).mean() == pytest.approx(0.1, abs=0.08)
    assert estimator.predict([[30.0, 0, 0]]) == [-1]


def test_images_in_a_pipeline(model, folder):
    detector = OneClassDetector("independent-gaussian", false_alarms=0.1)
    pipeline = make_pipeline(GradientFeatures(model, "up.6:bce"), detector)
    pictures = folder[1]
    noise = np.stack([gradspace.challenge(picture, "noise", 5) for picture in pictures])
    pipeline.fit(pictures)
    assert np.median(pipeline.decision_function(noise)) < np.median(pipeline.decision_function(pictures))
    names = pipeline[0].get_feature_names_out()
    assert names[0] == "up.6:bce[0]" and len(names) == pipeline[1].n_features_in_
    again = pickle.loads(pickle.dumps(pipeline))
    assert (again.predict(pictures) == pipeline.predict(pictures)).all()


def test_a_detector_of_images(folder):
    estimator = ImageDetector("image-statistics", false_alarms=0.1)
    assert clone(estimator).get_params() == estimator.get_params()
    estimator.fit(folder[1])
    assert (estimator.decision_function(folder[1]) >= 0).mean() > 0.7
    assert (estimator.score_samples(folder[0]) == estimator.score_samples(folder[1])).all()
