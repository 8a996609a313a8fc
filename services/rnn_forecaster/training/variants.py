"""The two forecasters that are compared: one network, other hyper-parameters."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Variant:
    """Hyper-parameters.

    Attributes:
        learning_rate: Of Adam.
        batch_size: Windows between two changes of the weights.
        epochs: How often the training goes through all windows.
        dropout: The part of the recurrent units that is left out of each step of the training, 0 to 1.
        units: Of the recurrent layer.
    """

    learning_rate: float
    batch_size: int
    epochs: int
    dropout: float = 0.0
    units: int = 100


VARIANTS = {
    "a": Variant(learning_rate=0.001, batch_size=64, epochs=4),
    "b": Variant(learning_rate=0.01, batch_size=128, epochs=4, dropout=0.2),
}
