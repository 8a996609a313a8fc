import csv
import datetime
from pathlib import Path

from modelyard.errors import ConfigurationError

import pytest

from costs.prices import BOOK, load

HEADER = "provider,region,item,unit,usd,source,date\n"
ROW = "google,us-central1,machine/n1-standard-1,hour,0.0475,https://example.com/prices,2026-07-30\n"


def test_every_row_has_a_price_above_nothing_a_source_and_a_day_that_has_been() -> None:
    today = datetime.datetime.now(datetime.UTC).date()

    prices = list(load())

    assert len(prices) > 400
    assert all(price.usd > 0 and price.source.startswith("https://") and price.date <= today for price in prices)


def test_the_book_is_sorted_so_that_a_change_shows_as_one_line() -> None:
    with BOOK.open(encoding="utf-8", newline="") as lines:
        rows = [
            (row["provider"], row["region"] != "global", row["region"], row["item"]) for row in csv.DictReader(lines)
        ]

    assert rows == sorted(rows)


@pytest.mark.parametrize("item", ["machine/n1-standard-1", "machine/n2-standard-2", "machine/e2-standard-2"])
def test_spot_and_sustained_use_are_cheaper_than_the_list_price(item: str) -> None:
    for region in {price.region for price in load() if price.item == item}:
        listed, spot, sustained = (load().find("google", region, f"{item}{end}") for end in ("", "/spot", "/sustained"))

        assert listed is not None
        assert spot is not None
        assert spot.monthly < listed.monthly
        assert sustained is None or sustained.monthly < listed.monthly


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (ROW.replace("https://example.com/prices", ""), "source"),
        (ROW.replace("2026-07-30", ""), "date"),
        (ROW.replace("0.0475", "0"), "usd"),
        (ROW.replace("0.0475", "cheap"), "usd"),
        (ROW.replace("hour", "minute"), "unit"),
        (ROW.replace("google", "aws"), "provider"),
        (ROW + ROW.replace("0.0475", "0.05"), "a second price of google, us-central1, machine/n1-standard-1"),
    ],
)
def test_a_row_that_nobody_could_trust_is_refused(tmp_path: Path, row: str, said: str) -> None:
    file = tmp_path / "prices.csv"
    file.write_text(HEADER + row)

    with pytest.raises(ConfigurationError, match=said) as error:
        load(file)

    assert error.value.where.startswith("prices.csv: line ")


def test_a_region_without_a_price_of_its_own_has_the_one_for_everywhere_or_none() -> None:
    book = load()

    assert book.find("google", "us-central1", "gke/cluster") == book.find("google", "mars-north1", "gke/cluster")
    assert book.find("google", "mars-north1", "machine/n1-standard-1") is None


def test_a_price_is_old_after_a_year() -> None:
    price = load().find("google", "us-central1", "machine/n1-standard-1")
    assert price is not None

    assert not price.is_old(price.date + datetime.timedelta(days=365))
    assert price.is_old(price.date + datetime.timedelta(days=366))
