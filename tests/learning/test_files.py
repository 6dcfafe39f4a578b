"""Data sets in real files: what is read, and what is said of a file that cannot be."""

from pathlib import Path

import numpy as np
import pytest
import torch

from protoflow.errors import UsageError
from protoflow.learning.sources import load

X = np.arange(40, dtype=np.float64).reshape(20, 2)
Y = np.array([0, 1] * 10)


def saved(folder: Path, **arrays: object) -> str:
    np.savez(folder / "my.npz", **arrays)
    return str(folder / "my.npz")


def written(folder: Path, text: str) -> str:
    (folder / "my.csv").write_text(text, encoding="utf-8")
    return str(folder / "my.csv")


def inputs(source: str) -> list[list[float]]:
    data = load(source)
    return sorted([*data.train.inputs.tolist(), *data.test.inputs.tolist()])


# -- Arrays


@pytest.mark.parametrize("names", [("x", "y"), ("X", "y"), ("inputs", "labels")])
def test_arrays_are_taken_as_they_are(names, tmp_path):
    source = saved(tmp_path, **dict(zip(names, (X, Y), strict=True)))
    data = load(source)
    assert str(data) == f"{source}: 16 examples to train on, 4 to test on, 2 features, 2 classes"
    assert inputs(source) == X.tolist()
    assert all((row[0] / 2) % 2 == label for row, label in zip(data.train.inputs, data.train.labels, strict=True))


def test_a_test_set_of_its_own(tmp_path):
    data = load(saved(tmp_path, x_train=X, y_train=Y, x_test=X[:3] + 1, y_test=np.array([0, 1, 2])))
    assert torch.equal(data.train.inputs, torch.tensor(X).float())
    assert data.test.labels.tolist() == [0, 1, 2]
    assert data.outputs == 3


def test_images_keep_their_shape_and_bytes_are_scaled(tmp_path):
    images = np.full((10, 1, 4, 4), 255, dtype=np.uint8)
    data = load(saved(tmp_path, x=images, y=Y[:10]))
    assert data.train.inputs.shape == (8, 1, 4, 4)
    assert data.features == 16
    assert data.train.inputs.unique().tolist() == [1]


def test_classes_may_be_text_or_any_numbers(tmp_path):
    for labels in (np.where(Y, "yes", "no"), Y * 7 - 3, Y.astype(bool), Y.reshape(-1, 1)):
        data = load(saved(tmp_path, x=X, y=labels))
        assert (data.outputs, data.task.name) == (2, "classification")
        assert all((row[0] / 2) % 2 == label for row, label in zip(data.train.inputs, data.train.labels, strict=True))


def test_floats_are_values(tmp_path):
    data = load(saved(tmp_path, x=X, y=X[:, 0] / 3))
    assert (data.outputs, data.task.name) == (1, "regression")
    torch.testing.assert_close(data.test.labels, data.test.inputs[:, 0] / 3)


def test_owners_stay_with_their_examples(tmp_path):
    data = load(saved(tmp_path, x=X, y=Y, owners=np.repeat([30, 10], 10)))
    assert all((row[0] < 20) == owner for row, owner in zip(data.train.inputs, data.owners, strict=True))


class Trap:
    def __reduce__(self):
        return (pytest.fail, ("unpickled",))


OBJECTS = np.empty(20, dtype=object)
OBJECTS[:] = [Trap() for _ in range(20)]


@pytest.mark.parametrize(
    ("arrays", "said"),
    [
        ({"x": X, "z": Y}, "{} has `x`, `z`; it needs `x` and `y` (or `inputs` and `labels`), or `x_train`"),
        ({}, "{} has nothing; it needs `x` and `y`"),
        ({"x": X, "y": OBJECTS}, "{}: `y` is an array of Python objects, which are never unpickled; save numbers, or "
                                 "text by y.astype(str)"),
        ({"x": X[:5], "y": Y}, "{}: `x` has 5 rows, `y` 20; each example needs both"),
        ({"x": X[:, 0], "y": Y}, "{}: `x` is of shape (20,) and type float64; it needs numbers, one example a row"),
        ({"x": X.astype(str), "y": Y}, "{}: `x` is of shape (20, 2) and type <U32; it needs numbers"),
        ({"x": X, "y": X}, "{}, `y`: of shape (20, 2) and type float64; it needs one label an example"),
        ({"x": X, "y": np.arange(20)}, "{}, `y`: 20 different labels for 20 examples are too many for classes; write "
                                       "values to predict as numbers with a fraction (3.0), or as an array of floats"),
        ({"x": X + np.inf, "y": Y}, "{}, `x`: the number at [0][0] is inf; fill it, or leave out row 0"),
        ({"x": X, "y": np.where(Y > 0, np.nan, 0.5)}, "{}, `y`: the number at [1] is nan; fill it"),
        ({"x": X, "y": Y, "owners": X}, "{}: `owners` is of shape (20, 2) and type float64; it needs one number a row"),
        ({"x": X, "y": Y, "owners": Y[1:]}, "{}: `x` has 20 rows, `owners` 19; each example needs both"),
        ({"x_train": X, "y_train": Y, "x_test": X, "y_test": X[:, 0]}, "{}: `y_train` is of type int64, `y_test` of "
                                                                       "float64; they are to be alike"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_arrays(arrays, said, tmp_path):
    source = saved(tmp_path, **arrays)
    with pytest.raises(UsageError) as raised:
        load(source)
    assert str(raised.value).startswith(said.format(source))


@pytest.mark.parametrize("data", [b"", b"not a zip", b"PK\x03\x04 cut short"])
def test_what_is_no_npz(data, tmp_path):
    (tmp_path / "my.npz").write_bytes(data)
    with pytest.raises(UsageError, match=r"my\.npz is not an \.npz file of numpy's: numpy\.savez\("):
        load(str(tmp_path / "my.npz"))


def test_a_single_array(tmp_path):
    with (tmp_path / "my.npz").open("wb") as stream:
        np.save(stream, X)
    with pytest.raises(UsageError, match=r"my\.npz is a single array, not an \.npz"):
        load(str(tmp_path / "my.npz"))


@pytest.mark.parametrize("source", ["nothing.npz", "nothing.csv", "nothing.csv:label"])
def test_a_file_that_is_not_there(source):
    with pytest.raises(UsageError, match=rf"^{source.partition(':')[0]} cannot be read: No such file or directory"):
        load(source)


# -- Tables

ROWS = "\n".join(f"{n % 7}.5,{n},{'yes' if n % 2 else 'no'}" for n in range(20))


def test_the_last_column_is_the_label(tmp_path):
    data = load(written(tmp_path, f"height, weight, sick\n{ROWS}\n\n"))
    assert (len(data.train), len(data.test), data.features, data.outputs) == (16, 4, 2, 2)
    weights = data.train.inputs[:, 1]
    assert weights.mean() == pytest.approx(0, abs=1e-6)
    assert weights.std(correction=0) == pytest.approx(1)


def test_a_named_column_is_the_label(tmp_path):
    data = load(written(tmp_path, "age,sick,weight\n" + "\n".join(f"{n},{n % 2},{n}.5" for n in range(20))) + ":sick")
    assert (data.features, data.outputs) == (2, 2)


def test_without_names_the_columns_are_numbered(tmp_path):
    source = written(tmp_path, "\n".join(f"{n % 2},{n}.0,{2 * n}.25" for n in range(20)))
    assert load(source).task.name == "regression"
    assert load(f"{source}:1").outputs == 2


def test_values_are_standardised_too(tmp_path):
    data = load(written(tmp_path, "x,price\n" + "\n".join(f"{n},{1000 * n}.0" for n in range(20))))
    torch.testing.assert_close(data.train.labels, data.train.inputs[:, 0])
    torch.testing.assert_close(data.test.labels, data.test.inputs[:, 0])


def test_a_column_of_words_is_one_for_each_word(tmp_path):
    rows = "\n".join(f"{('Oslo', 'Paris', 'Rome')[n % 3]},{n},{n % 3}" for n in range(30))
    data = load(written(tmp_path, f"city,number,label\n{rows}"))
    assert data.features == 4
    for word in range(3):
        values = data.train.inputs[:, word]
        assert len(values.unique()) == 2
        assert torch.equal(values > 0, data.train.labels == word)


def test_a_byte_order_mark_and_quotes(tmp_path):
    data = load(written(tmp_path, '\ufeff"a","the, label"\n' + "1,no\n2,yes\n" * 5) + ":the, label")
    assert (data.features, data.outputs) == (1, 2)


@pytest.mark.parametrize(
    ("text", "label", "said"),
    [
        ("", "", "{} is empty"),
        ("a,b\n", "", "{} has names of columns and no row"),
        ("a;b\n1;2\n", "", "{}, line 1: one column, `a;b`; columns are divided by commas"),
        ("a,b\n1,0\n2\n", "", "{}, line 3: 1 cell where there are 2 columns"),
        ("a,b\n1,0\n2,\n", "", "{}, line 3: no label in column `b`; leave the row out"),
        ("a,b\n1,0\nParis,1\n", "", "{}, line 3, column `a`: `Paris` is not a number; fill it, or leave the row out"),
        ("a,b\nOslo,0\nParis,1\n", "", "{}, column `a`: 2 different words in 2 rows are too many to learn from"),
        ("a,b\nOslo,0\n,1\nOslo,1\nOslo,1\n", "", "{}, line 2, column `a`: `Oslo` is not a number"),
        ("a,b\n1,0\n,1\n", "", "{}, line 3, column `a`: nothing; fill it"),
        ("a,b\n1,0\nnan,1\n", "", "{}, line 3, column `a`: `nan` is not a number; fill it"),
        ("a,b\n1,0\n", ":c", "{} has no column `c`; it has `a`, `b`"),
        ("a,a\n1,0\n", ":a", "{} has several columns `a`"),
        ("a,b\n" + "1,17\n2,3\n3,5\n4,4\n", "", "{}, column `b`: 4 different labels for 4 examples are too many"),
    ],
)
def test_what_is_wrong_with_a_table(text, label, said, tmp_path):
    source = written(tmp_path, text)
    with pytest.raises(UsageError) as raised:
        load(source + label)
    assert str(raised.value).startswith(said.format(source))


def test_what_is_no_text(tmp_path):
    (tmp_path / "my.csv").write_bytes(b"\xff\xfe\x00\x01")
    with pytest.raises(UsageError, match=r"my\.csv is not a CSV file: "):
        load(str(tmp_path / "my.csv"))
