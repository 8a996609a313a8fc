"""Trains a model and scores it."""

from sklearn.datasets import load_iris
from sklearn.metrics import accuracy_score, f1_score, recall_score
from sklearn.model_selection import train_test_split
from sklearn.neighbors import KNeighborsClassifier

from .errors import IrisError
from .model import SPECIES, Model
from .parameters import Parameters
from .scores import Scores


def train(parameters: Parameters) -> Model:
    """Fits a model to one part of the irises and scores it on the other.

    Raises:
        IrisError: The split leaves a species out of one of the parts, so that a mean over the species has no meaning.
    """
    irises = load_iris()
    rows, held_out, species, truth = train_test_split(
        irises.data, irises.target, test_size=parameters.test_size, random_state=parameters.random_state
    )
    for part in (species, truth):
        if len(set(part)) < len(SPECIES):
            raise IrisError(
                f"test_size = {parameters.test_size} with random_state = {parameters.random_state} leaves a species "
                "out of the flowers for training or of those held out: give another test_size or random_state"
            )
    classifier = KNeighborsClassifier(
        n_neighbors=parameters.n_neighbors,
        leaf_size=parameters.leaf_size,
        metric=parameters.metric,
        p=parameters.p,
        weights=parameters.weights,
    ).fit(rows, species)
    predicted = classifier.predict(held_out)
    scores = Scores(
        accuracy=float(accuracy_score(truth, predicted)),
        recall=float(recall_score(truth, predicted, average="macro")),
        f1=float(f1_score(truth, predicted, average="macro")),
    )
    return Model(classifier=classifier, parameters=parameters, scores=scores)
