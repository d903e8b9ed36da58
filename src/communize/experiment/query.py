"""SQL over the runs of a sweep, by DuckDB."""

from pathlib import Path
from typing import Any

from communize.declare.errors import CommunizeError, InputError
from communize.experiment.folder import JOURNAL
from communize.experiment.results import TABLE, read_ensemble

MISSING = "duckdb is not installed; it comes with: pip install 'communize[experiment]'"


def query(folder: str | Path, sql: str) -> Any:
    """The answer to a SQL statement, in which the runs are the table ``runs``, as a data frame.

    Parameters
    ----------
    folder
        The folder of a sweep, finished or not.
    sql
        Such as ``select "struggle.coupling", avg(peak_active) from runs group by all``.

    Raises
    ------
    InputError
        No such folder, or wrong SQL, with what DuckDB says.
    """
    try:
        import duckdb
    except ImportError:
        raise CommunizeError(MISSING) from None
    path = Path(folder)
    table, journal = path / TABLE, path / JOURNAL
    current = table.is_file() and journal.is_file() and table.stat().st_mtime_ns >= journal.stat().st_mtime_ns
    with duckdb.connect() as connection:
        if current:
            name = str(table).replace("'", "''")
            connection.execute(f"create view runs as select * from read_parquet('{name}')")
        else:
            connection.register("runs", read_ensemble(path).table)
        try:
            relation = connection.sql(sql)
            if relation is None:
                raise InputError("SQL", sql, "a statement that gives a table, such as select count(*) from runs")
            return relation.df()
        except duckdb.Error as error:
            raise InputError("SQL", sql, _words(error)) from None


def _words(error: Exception) -> str:
    """What DuckDB says, without its drawing of the place, and a hint for names with dots and colons."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip() and not line.strip().startswith("^")]
    kept = [line for line in lines if not line.startswith("LINE ")]
    text = " ".join(kept).removeprefix("Binder Error: ").removeprefix("Parser Error: ").removeprefix("Catalog Error: ")
    return f'{text} (the table is runs; a name with a dot or colon needs double quotes: "struggle.coupling")'
