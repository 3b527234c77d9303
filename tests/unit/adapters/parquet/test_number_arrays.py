"""Numbers that are converted together are what each is by itself."""

import numpy as np
import pyarrow as pa
import pytest

from g6.adapters.parquet.arrays import number_arrays
from g6.adapters.parquet.columns import CHAIN_SCHEMA, column_array

ODD = {
    pa.float64(): (0.1, -0.0, 1e300, np.inf, 24100.0),
    pa.float32(): (0.12345679, -0.0, 3e-11, -np.inf),
    pa.int64(): (0.0, 65.0, -3.0, 2.0**52 + 1, 2.5),
    pa.int32(): (0.0, 4.0, 4096.0),
    pa.timestamp("us", "UTC"): (1_795_152_600.5, 1_795_152_600.123457, 0.0),
}
FIELDS = [field for field in CHAIN_SCHEMA if field.type in ODD]


@pytest.mark.parametrize("seed", range(6))
def test_each_column_is_what_it_is_by_itself(seed: int) -> None:
    chance = np.random.default_rng(seed)
    rows = int(chance.integers(0, 300))
    columns = {}
    for field in FIELDS:
        wide = np.float32 if field.type == pa.float32() else np.float64
        values = chance.choice(ODD[field.type], rows).astype(wide)
        values[chance.random(rows) < chance.choice((0.0, 0.3, 1.0))] = np.nan
        columns[field.name] = values
    arrays = number_arrays(columns, FIELDS)
    assert len(columns) > 80
    assert arrays.keys() == columns.keys()
    for field in FIELDS:
        alone = column_array(columns[field.name], field)
        together = arrays[field.name]
        together.validate(full=True)
        assert together.type == alone.type == field.type
        assert together.null_count == alone.null_count
        assert together.equals(alone), field.name


def test_columns_of_integers_are_left_to_others() -> None:
    field = pa.field("dte", pa.int64())
    assert number_arrays({"dte": np.arange(3)}, [field]) == {}
