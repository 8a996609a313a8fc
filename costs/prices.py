"""The price book: list prices in USD, each with its source and the day on which it was read there."""

import csv
import datetime
import functools
from collections.abc import Iterator, Mapping
from decimal import Decimal
from pathlib import Path

from modelyard.errors import ConfigurationError

from pydantic import BaseModel, ConfigDict, Field, ValidationError

BOOK = Path(__file__).with_name("prices.csv")
#: A price's region where the provider asks the same everywhere.
EVERYWHERE = "global"
#: A month, as clouds reckon it.
HOURS = Decimal(730)
DAYS = Decimal(365) / 12
_OLD = datetime.timedelta(days=365)
# How often a unit is paid in a month.
_TIMES = {"hour": HOURS, "day": DAYS, "month": Decimal(1), "GB-month": Decimal(1), "GB": Decimal(1)}


class Price(BaseModel):
    """A row of the book.

    Attributes:
        provider: `google` or `azure`.
        region: Its name there, or `global`.
        item: What it is for, for example `machine/n1-standard-1/spot`.
        unit: `hour`, `day`, `month`, `GB-month` (of what is stored), `GB` (of what passes).
        usd: Of one unit.
        source: Where anybody can read it.
        date: The day on which it stood there.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    provider: str = Field(pattern="^(google|azure)$")
    region: str = Field(min_length=1)
    item: str = Field(min_length=1)
    unit: str = Field(pattern=f"^({'|'.join(_TIMES)})$")
    usd: Decimal = Field(gt=0)
    source: str = Field(pattern="^https://")
    date: datetime.date

    @property
    def monthly(self) -> Decimal:
        """Of one unit all month, in USD."""
        return self.usd * _TIMES[self.unit]

    def is_old(self, today: datetime.date) -> bool:
        """Whether it was read more than a year ago."""
        return today - self.date > _OLD


class PriceBook:
    """Finds prices."""

    def __init__(self, prices: Mapping[tuple[str, str, str], Price]) -> None:
        self._prices = prices

    def find(self, provider: str, region: str, item: str) -> Price | None:
        """The region's own price, else the one for everywhere, else none: then nobody knows it here."""
        own = self._prices.get((provider, region, item))
        return own or self._prices.get((provider, EVERYWHERE, item))

    def __iter__(self) -> Iterator[Price]:
        return iter(self._prices.values())


@functools.cache
def load(file: Path = BOOK) -> PriceBook:
    """The book.

    Raises:
        ConfigurationError: A row without source or date, of a wrong form, or a second one for the same thing.
    """
    prices: dict[tuple[str, str, str], Price] = {}
    with file.open(encoding="utf-8", newline="") as lines:
        rows = csv.DictReader(lines)
        for row in rows:
            where = f"{file.name}: line {rows.line_num}"
            try:
                price = Price.model_validate(row)
            except ValidationError as error:
                first = error.errors()[0]
                raise ConfigurationError(
                    f"{'.'.join(map(str, first['loc']))}: {first['msg']}",
                    mend="write provider, region, item, unit, usd, source (https://…) and date (year-month-day)",
                    where=where,
                ) from None
            key = (price.provider, price.region, price.item)
            if key in prices:
                raise ConfigurationError(f"a second price of {', '.join(key)}", mend="keep the newer one", where=where)
            prices[key] = price
    return PriceBook(prices)
