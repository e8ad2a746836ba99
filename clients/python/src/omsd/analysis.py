"""The journal's views as frames, plots and Parquet files (``pip install omsd[analysis]``).

>>> journal = omsd.analysis.Journal("/var/lib/omsd/journal.db")
>>> journal.pandas("v_fills", "account = ?", ["mm-az"])

Amounts stay exact: ``decimal.Decimal`` in pandas, ``Decimal(38, 18)`` in polars, ``decimal128(38, 18)`` in Arrow and Parquet. Times are in
UTC, to the microsecond. The file is opened read-only, while the daemon runs or after; ``docs/AUDIT.md`` says what the views hold. Long
reports belong on a copy made by ``omsd backup``: an open read keeps the write-ahead log from being used again.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pyarrow as arrow
import pyarrow.parquet as parquet

#: Columns that are amounts, in whichever view. The journal writes them as exact decimal text.
AMOUNTS = frozenset(
    {
        "price",
        "quantity",
        "quote_quantity",
        "filled_quantity",
        "average_price",
        "take_profit",
        "stop_loss",
        "asked_price",
        "asked_quantity",
        "fee",
    }
)
#: Columns that are yes or no.
FLAGS = frozenset({"post_only", "reduce_only"})

_AMOUNT = arrow.decimal128(38, 18)
_TIME = arrow.timestamp("us", tz="UTC")


class Journal:
    """One journal file, to be read. Each call reads one consistent moment of it."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        """:raises FileNotFoundError: there is no such file (a missing one is not made)."""
        self.path = Path(path).resolve()
        if not self.path.is_file():
            raise FileNotFoundError(f"no journal at {self.path}")

    def views(self) -> list[str]:
        """The views there are, by name."""
        with closing(self._open()) as file:
            return [
                name
                for (name,) in file.execute("SELECT name FROM sqlite_schema WHERE type = 'view' AND name LIKE 'v!_%' ESCAPE '!' ORDER BY 1")
            ]

    def arrow(self, view: str, where: str = "", parameters: Sequence[Any] = ()) -> Any:
        """A view, or the part of it that a condition picks, as an Arrow table.

        :param where: what stands behind SQL's WHERE, with ``?`` for each of ``parameters``; empty: all rows.
        :raises ValueError: no such view, or an amount beyond what 38 digits hold.
        """
        if view not in self.views():
            raise ValueError(f"the journal has no view {view!r}; it has: {', '.join(self.views())}")
        with closing(self._open()) as file:
            cursor = file.execute(f"SELECT * FROM {view}" + (f" WHERE {where}" if where else ""), tuple(parameters))
            names = [column[0] for column in cursor.description]
            rows = cursor.fetchall()
        columns = [[row[index] for row in rows] for index in range(len(names))]
        return arrow.table({name: _column(name, values) for name, values in zip(names, columns, strict=True)})

    def pandas(self, view: str, where: str = "", parameters: Sequence[Any] = ()) -> Any:
        """As ``arrow``, as a pandas frame: amounts are ``Decimal`` objects, whose sums are exact."""
        return self.arrow(view, where, parameters).to_pandas()

    def polars(self, view: str, where: str = "", parameters: Sequence[Any] = ()) -> Any:
        """As ``arrow``, as a polars frame: amounts are of type ``Decimal(38, 18)``."""
        import polars

        return polars.from_arrow(self.arrow(view, where, parameters))

    def to_parquet(self, view: str, path: str | os.PathLike[str], where: str = "", parameters: Sequence[Any] = ()) -> int:
        """Writes a view as a Parquet file and answers the number of its rows. A file that is there already is replaced."""
        table = self.arrow(view, where, parameters)
        parquet.write_table(table, os.fspath(path), compression="zstd")
        return int(table.num_rows)

    # Plots. Positions of a drawing are floats; the frames above are exact.

    def plot_fills(self, account: str, symbol: str) -> Any:
        """Executions of a symbol over time, buys and sells apart, sized by quantity, and the position they add up to."""
        from plotly import graph_objects, subplots

        fills = self.pandas("v_fills", "account = ? AND symbol = ?", [account, symbol]).sort_values("at", kind="stable")
        figure = subplots.make_subplots(rows=2, shared_xaxes=True, subplot_titles=(f"{symbol} at {account}: executions", "position"))
        largest = max((float(quantity) for quantity in fills["quantity"]), default=1.0)
        for side in ("buy", "sell"):
            part = fills[fills["side"] == side]
            sizes = [6 + 14 * float(quantity) / largest for quantity in part["quantity"]]
            marker = {"size": sizes, "symbol": "triangle-up" if side == "buy" else "triangle-down"}
            points = graph_objects.Scatter(
                x=part["at"], y=[float(price) for price in part["price"]], mode="markers", name=side, marker=marker
            )
            figure.add_trace(points, row=1, col=1)
        position, reached = Decimal(0), []
        for side, quantity in zip(fills["side"], fills["quantity"], strict=True):
            position += quantity if side == "buy" else -quantity
            reached.append(float(position))
        figure.add_trace(graph_objects.Scatter(x=fills["at"], y=reached, name="position", line={"shape": "hv"}), row=2, col=1)
        return figure

    def plot_latency(self, account: str | None = None) -> Any:
        """How long orders took from acceptance to the venue's word, and what of it was waiting for a permit and what was on the wire."""
        from plotly import graph_objects

        orders = "SELECT client_order_id FROM v_orders WHERE account = ?"
        frame = self.pandas("v_latency", f"client_order_id IN ({orders})" if account else "", [account] if account else [])
        figure = graph_objects.Figure()
        for column in ("permit_wait_us", "wire_us", "acknowledge_us"):
            known = frame[column].dropna()
            figure.add_trace(graph_objects.Histogram(x=[value / 1_000 for value in known], name=column.removesuffix("_us"), opacity=0.6))
        figure.update_layout(barmode="overlay", xaxis_title="milliseconds", yaxis_title="orders")
        return figure

    def plot_limits(self, venue: str) -> Any:
        """The busiest window of each budget over time, as a share of what the venue permits."""
        from plotly import graph_objects

        frame = self.pandas("v_rate_usage", "venue = ?", [venue])
        figure = graph_objects.Figure()
        for (budget, owner), part in frame.groupby(["budget", "owner"]):
            part = part.sort_values("second")
            moments = [second * 1_000 for second in part["second"]]
            shares = [
                busiest / permits if permits else 0.0 for busiest, permits in zip(part["busiest_window"], part["permits"], strict=True)
            ]
            figure.add_trace(graph_objects.Scatter(x=moments, y=shares, name=f"{budget} of {owner}", line={"shape": "hv"}))
        figure.update_layout(xaxis={"type": "date"}, yaxis={"title": "busiest window", "tickformat": ".0%"})
        return figure

    def _open(self) -> sqlite3.Connection:
        return sqlite3.connect(f"file:{quote(str(self.path))}?mode=ro", uri=True, timeout=10)


def _column(name: str, values: list[Any]) -> Any:
    if name in AMOUNTS:
        try:
            return arrow.array([None if value is None else Decimal(value) for value in values], _AMOUNT)
        except arrow.ArrowInvalid as problem:
            raise ValueError(f"an amount of column {name} does not fit into 38 digits: {problem}") from problem
    if name == "at" or name.endswith("_at"):
        return arrow.array(values, arrow.int64()).cast(arrow.timestamp("us")).cast(_TIME) if values else arrow.array([], _TIME)
    if name in FLAGS:
        return arrow.array([None if value is None else bool(value) for value in values], arrow.bool_())
    kinds = {type(value) for value in values if value is not None}
    if kinds <= {int} and kinds:
        return arrow.array(values, arrow.int64())
    if kinds <= {str}:
        return arrow.array(values, arrow.string())
    return arrow.array([None if value is None else str(value) for value in values], arrow.string())


__all__ = ["AMOUNTS", "FLAGS", "Journal"]
