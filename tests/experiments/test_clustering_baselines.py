"""Baselines of clustering: groups of pixels, principal components and codes, scored like a mixture's components."""

import json
from dataclasses import replace

import numpy as np
from sklearn.cluster import KMeans

from dlgmm_core.data.datasets import Dataset
from dlgmm_core.evaluate.clustering import scores
from dlgmm_core.evaluate.knn import encode
from dlgmm_core.experiments import formatting
from dlgmm_core.experiments.clustering_baselines import METHODS, clustering_baselines
from dlgmm_core.experiments.rows import Row
from dlgmm_core.model.models import build_model
from dlgmm_core.runtime.records import from_json, to_json
from tests.experiment_helpers import blobs
from tests.fixtures import CONTRACT


def test_each_representation_is_grouped_by_each_method_and_scored_against_classes_it_never_saw() -> None:
    train, valid, test = blobs(0, 200), blobs(1, 60), blobs(2, 90)
    data = Dataset("toy", train, valid, test, tuple("abc"))
    models = {s: build_model(replace(CONTRACT["gauss-vae"], image_shape=(28, 28), code_dim=3)) for s in (0, 1)}
    rows = clustering_baselines(data, models, [3, 4])
    names = [
        (f"{m}-on-{r}", k, s)
        for r, s in (("pixels", 0), ("pca-25", 0), ("codes", 0), ("codes", 1))
        for m in METHODS
        for k in (3, 4)
    ]
    assert [(row.model, row.num_components, row.seed) for row in rows] == names
    assert [row.code_dim for row in rows] == [784] * 4 + [25] * 4 + [3] * 8
    for row in rows:
        assert (row.dataset, row.eval_dataset, row.recipe) == ("toy", "toy", "baseline") and formatting.label(row)
        assert from_json(Row, json.loads(json.dumps(to_json(row)))) == row
        found = row.figures.clustering
        assert found is not None and found.weights is None
    by_pixels = {row.num_components: row.figures.clustering for row in rows if row.model == "k-means-on-pixels"}
    assert by_pixels[3].responsibilities.acc == 100, "the classes are three blobs"  # type: ignore[union-attr]
    groups = KMeans(3, n_init=10, random_state=1).fit(encode(models[1], train.binary))
    expected = scores(np.eye(3)[groups.predict(encode(models[1], test.binary))], test.labels)
    assert expected in [row.figures.clustering.responsibilities for row in rows if row.seed == 1]  # type: ignore[union-attr]
