"""Frames of a real journal: every digit of it, typed, also when there is nothing in them."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from conftest import House, wait_until

import omsd

pytest.importorskip("pyarrow", reason="scripts/test-python runs these in the environment that has it")
pandas = pytest.importorskip("pandas")
polars = pytest.importorskip("polars")
parquet = pytest.importorskip("pyarrow.parquet")

from omsd.analysis import AMOUNTS, FLAGS, Journal  # noqa: E402

#: Whose sum in binary floats is another number.
QUANTITIES = ["0.1", "0.2", "0.000001", "0.000002"]


@pytest.fixture(scope="module")
def journal(house: House) -> Iterator[Journal]:
    with omsd.Client(house.socket, patience=30) as client:
        place = [omsd.Place(symbol="btc_usdt", side="sell", type="market", quantity=quantity) for quantity in QUANTITIES[:2]]
        traded = client.intent_submit("spot-xt", intent_id="analysis", place=place)
        resting = [omsd.Place(symbol="btc_usdt", side="buy", type="limit", price="38000.07", quantity="0.001", post_only=True)]
        client.intent_submit("spot-xt", intent_id="analysis-resting", place=resting)
        wait_until(lambda: len(client.fill_list(intent_id=traded.intent_id).fills) == 2, "no fills")
        yield Journal(house.folder / "journal.db")


def test_sums_of_amounts_are_exact_in_each_kind_of_frame(journal: Journal, tmp_path: Path) -> None:
    where: Any = ("v_fills", "intent_id = ?", ["analysis"])
    assert journal.pandas(*where)["quantity"].sum() == Decimal("0.3")
    assert journal.polars(*where)["quantity"].sum() == Decimal("0.3")
    assert journal.to_parquet("v_fills", tmp_path / "fills.parquet", *where[1:]) == 2
    table = parquet.read_table(tmp_path / "fills.parquet")
    assert str(table.schema.field("quantity").type) == "decimal128(38, 18)"
    assert sum(table["quantity"].to_pylist()) == Decimal("0.3")
    assert float("0.1") + float("0.2") != 0.3


def test_every_view_is_read_with_its_types_and_all_its_rows(journal: Journal, house: House) -> None:
    for view in journal.views():
        with sqlite3.connect(f"file:{house.folder / 'journal.db'}?mode=ro", uri=True) as file:
            names = [column[1] for column in file.execute(f"PRAGMA table_info({view})")]
        for rows in (journal.arrow(view), journal.arrow(view, "0")):
            assert rows.column_names == names
            for field in rows.schema:
                if field.name in AMOUNTS:
                    assert str(field.type) == "decimal128(38, 18)", f"{view}.{field.name}"
                elif field.name == "at" or field.name.endswith("_at"):
                    assert str(field.type) == "timestamp[us, tz=UTC]", f"{view}.{field.name}"
                elif field.name in FLAGS:
                    assert str(field.type) == "bool", f"{view}.{field.name}"
        assert journal.arrow(view, "0").num_rows == 0
    assert {"v_orders", "v_fills", "v_timeline", "v_requests", "v_latency", "v_rate_usage"} <= set(journal.views())


def test_what_is_in_the_frames_is_what_the_daemon_says(journal: Journal, client: omsd.Client) -> None:
    frame = journal.pandas("v_orders", "intent_id = ?", ["analysis-resting"])
    (row,) = frame.to_dict("records")
    order = client.order_get(row["client_order_id"])
    assert (row["price"], row["quantity"], row["post_only"]) == (order.price, order.quantity, True)
    assert row["intended_at"].to_pydatetime() == order.intended_at


def test_plots_show_each_execution_and_where_they_lead(journal: Journal) -> None:
    figure = journal.plot_fills("spot-xt", "btc_usdt")
    count = journal.arrow("v_fills", "account = 'spot-xt' AND symbol = 'btc_usdt'").num_rows
    by_name = {trace.name: trace for trace in figure.data}
    assert len(by_name["buy"].x) + len(by_name["sell"].x) == count == len(by_name["position"].x)
    assert journal.plot_fills("spot-xt", "no_such").data[0].x is not None
    assert sum(len(trace.x) for trace in journal.plot_latency("spot-xt").data) > 0
    shares = [share for trace in journal.plot_limits("xt-spot").data for share in trace.y]
    assert shares
    assert max(shares) <= 1


def test_the_journal_is_only_read(journal: Journal, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        Journal(tmp_path / "no.db")
    assert not (tmp_path / "no.db").exists()
    with pytest.raises(ValueError, match="no view 'orders; DROP TABLE orders'"):
        journal.arrow("orders; DROP TABLE orders")
    with pytest.raises(sqlite3.Error):
        journal.arrow("v_orders", "0; DELETE FROM orders")


def test_an_amount_beyond_38_digits_is_refused_by_name(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "j.db") as file:
        file.execute("CREATE VIEW v_fills AS SELECT '170000000000000000000.000000000000000001' AS price")
    with pytest.raises(ValueError, match="column price"):
        Journal(tmp_path / "j.db").arrow("v_fills")
