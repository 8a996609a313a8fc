"""A trained model."""

from collections.abc import Sequence
from dataclasses import dataclass

from sklearn.neighbors import KNeighborsClassifier

from .parameters import Parameters
from .scores import Scores

# In the order of the columns and of the class indices of the data set.
FEATURES = ("sepal length", "sepal width", "petal length", "petal width")
SPECIES = ("setosa", "versicolor", "virginica")


@dataclass(frozen=True, kw_only=True)
class Model:
    """A classifier with what is known of it.

    Attributes:
        classifier: The fitted estimator, of FEATURES in cm to indices of SPECIES.
        parameters: What it was trained with.
        scores: How good it is.
    """

    classifier: KNeighborsClassifier
    parameters: Parameters
    scores: Scores

    def probabilities(self, lengths: Sequence[float]) -> dict[str, float]:
        """Each species with its probability, for one flower.

        Args:
            lengths: One for each of FEATURES, in cm.
        """
        row = self.classifier.predict_proba([list(lengths)])[0]
        return {name: float(value) for name, value in zip(SPECIES, row, strict=True)}
