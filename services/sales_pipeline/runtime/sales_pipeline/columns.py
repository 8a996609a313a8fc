"""The columns of the sales data."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Column:
    """A column of numbers.

    Attributes:
        name: In the header.
        least: The smallest value allowed.
        most: The largest value allowed.
    """

    name: str
    least: float
    # What scikit-learn's trees still tell apart in single precision, and more than anybody sells.
    most: float = 1e9

    @property
    def allowed(self) -> str:
        """In words, for errors."""
        return f"a number from {self.least:g} to {self.most:g}"


# What sales are predicted from: the columns of x, in this order.
FEATURES = (
    Column("price", 0),
    Column("competitor_price", 0),
    Column("discount", 0, 1),
    Column("advertising", 0),
    Column("stores", 1),
    Column("week", 1, 53),
)
# Units sold: y.
TARGET = Column("sales", 0)
# Names the row. A model that saw it could only learn it by heart.
DROPPED = "order_id"
NAMES = (DROPPED, *(column.name for column in FEATURES), TARGET.name)
