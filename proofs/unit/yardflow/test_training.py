"""Training: repeatable, judged by what it never saw, and packaged so that it answers the same elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from sklearn.tree import DecisionTreeClassifier

from models.card import read_card
from models.errors import GoldenMismatch
from models.repository import digest_of
from models.wine import golden as wine
from models.wine.packaging import assemble as package
from models.wine.table import read_table
from models.wine.training import write_weights
from yardflow.batches import batch_bytes, read_batch
from yardflow.dataset import Dataset, assemble
from yardflow.drift import reference_bytes
from yardflow.parity import parity
from yardflow.rehearsal import rehearse
from yardflow.training import Trained, evaluate, measure, train

CARD = read_card("wine")
TABLE = read_table()


def _dataset(*, rows: int, flip: float = 0.0) -> Dataset:
    content = batch_bytes(rehearse(TABLE, seed=1, rows=rows, flip=flip), card=CARD)
    return assemble(TABLE, [read_batch("a", content, card=CARD)])


@pytest.fixture(name="dataset", scope="module")
def _clean() -> Dataset:
    return _dataset(rows=60)


@pytest.fixture(name="trained", scope="module")
def _trained(dataset: Dataset) -> Trained:
    return train(dataset)


@pytest.fixture(name="folder")
def _folder(trained: Trained, tmp_path: Path) -> Path:
    folder = tmp_path / "2"
    folder.mkdir()
    package(folder, weights=trained.weights)
    return folder


def test_without_batches_it_is_version_1() -> None:
    """The packaged rows alone give the digest that stands in git."""
    assert train(assemble(TABLE, [])).golden.digest == wine.read_golden().digest


def test_training_again_gives_equal_bytes(trained: Trained) -> None:
    """Weights, golden rows and reference of a repeated step are those of the first."""
    again = train(_dataset(rows=60))

    assert again.golden.digest == trained.golden.digest
    assert wine.golden_bytes(again.golden, columns=CARD.columns) == wine.golden_bytes(
        trained.golden, columns=CARD.columns
    )
    assert reference_bytes(again.reference) == reference_bytes(trained.reference)
    assert again.metrics == trained.metrics


def test_a_clean_batch_makes_another_model_that_is_as_good(trained: Trained) -> None:
    """It is no copy of version 1, and labels every held-out row rightly."""
    assert trained.golden.digest != wine.read_golden().digest
    assert trained.metrics["holdout_accuracy"] == 1.0
    assert 0 < trained.metrics["holdout_log_loss"] < 0.1


def test_wrong_labels_are_seen_on_the_held_out_rows(dataset: Dataset, trained: Trained) -> None:
    """Nothing that a batch says of itself counts: quality falls where the batch has no rows."""
    spoiled = train(_dataset(rows=300, flip=1.0))

    assert spoiled.metrics["holdout_accuracy"] < 0.5
    assert spoiled.metrics["holdout_log_loss"] > 1.0
    assert evaluate(trained.weights, dataset) == trained.metrics


def test_no_single_feature_gives_the_label(dataset: Dataset, trained: Trained) -> None:
    """The best tree on any one column, as deep as it likes, stays a tenth below the model on the held-out rows."""
    rights = []
    for column in range(len(dataset.columns)):
        for depth in (1, 2, 3, None):
            tree = DecisionTreeClassifier(max_depth=depth, random_state=0)
            tree.fit(dataset.features[:, [column]], dataset.labels)
            rights.append(tree.score(dataset.holdout_features[:, [column]], dataset.holdout_labels))

    assert max(rights) < trained.metrics["holdout_accuracy"] - 0.1


def test_metrics_are_what_they_are_called() -> None:
    """Worked out by hand: a class with one row weighs as much as one with two."""
    probabilities = np.array([[0.5, 0.25, 0.25], [0.5, 0.25, 0.25], [0.25, 0.5, 0.25], [0, 0, 1]], dtype=np.float32)
    metrics = measure(probabilities, probabilities.argmax(axis=1), labels=np.array([0, 0, 1, 1 + 1]))
    wrong = measure(probabilities, np.array([0, 0, 0, 2]), labels=np.array([0, 0, 1, 2]))

    assert metrics["holdout_accuracy"] == metrics["holdout_macro_recall"] == 1.0
    assert metrics["holdout_log_loss"] == pytest.approx(3 * np.log(2) / 4)
    assert [wrong["holdout_accuracy"], wrong["holdout_macro_recall"]] == pytest.approx([3 / 4, 2 / 3])


def test_what_is_no_number_measures_as_none(dataset: Dataset, trained: Trained) -> None:
    """Weights that are no numbers still name a class; the loss gives them away, and the gate looks at it."""
    spoiled = replace(trained.weights, intercept=trained.weights.intercept * np.nan)

    assert np.isnan(evaluate(spoiled, dataset)["holdout_log_loss"])


def test_golden_rows_survive_the_file(trained: Trained, dataset: Dataset, tmp_path: Path) -> None:
    """Sixteen held-out rows, every class among them; the bytes are read as they were written."""
    path = tmp_path / "golden.json"
    path.write_bytes(wine.golden_bytes(trained.golden, columns=CARD.columns))
    read = wine.read_golden(path)

    assert (read.version, read.digest) == (0, trained.golden.digest)
    assert set(read.sample_ids.tolist()) < set(dataset.holdout_ids.tolist())
    assert (len(read.features), set(read.classes.tolist())) == (16, {0, 1, 2})
    for name in ("sample_ids", "features", "probabilities", "classes"):
        got, wanted = getattr(read, name), getattr(trained.golden, name)
        assert got.dtype == wanted.dtype
        assert np.array_equal(got, wanted)


def test_the_packaged_files_answer_like_the_training(trained: Trained, folder: Path) -> None:
    """Read back by a process of its own, which leaves the folder as it is."""
    before = sorted(path.name for path in folder.rglob("*"))

    assert parity(trained.golden, folder) <= wine.TOLERANCE
    assert sorted(path.name for path in folder.rglob("*")) == before
    assert digest_of(folder) == trained.golden.digest


def _other_weights(folder: Path) -> None:
    write_weights(train(_dataset(rows=40)).weights, path=folder / "weights.npz")


def _no_numbers(folder: Path) -> None:
    weights = train(_dataset(rows=60)).weights
    write_weights(replace(weights, intercept=weights.intercept * np.nan), path=folder / "weights.npz")


def _edit(old: str, new: str) -> Callable[[Path], None]:
    def edit(folder: Path) -> None:
        text = folder.joinpath("scoring.py").read_text(encoding="utf-8")
        assert text.count(old) == 1
        folder.joinpath("scoring.py").write_text(text.replace(old, new), encoding="utf-8")

    return edit


def _half(folder: Path) -> None:
    folder.joinpath("scoring.py").write_text("def", encoding="utf-8")


BROKEN: dict[str, tuple[Callable[[Path], None], str]] = {
    "other weights": (_other_weights, "got a difference of"),
    "weights that are no numbers": (_no_numbers, "got "),
    "no weights": (lambda folder: folder.joinpath("weights.npz").unlink(), "FileNotFoundError"),
    "no code": (lambda folder: folder.joinpath("scoring.py").unlink(), "No module named 'scoring'"),
    "half of the code": (_half, "Syntax"),
    "an import of ours": (_edit("import numpy as np\n", "import numpy as np\nimport models.card\n"), "models"),
    "an import of somebody's": (_edit("import numpy as np\n", "import numpy as np\nimport sklearn\n"), "sklearn"),
    "double precision": (_edit("probabilities.astype(np.float32)", "probabilities"), "float64"),
    "a word too many": (_edit("CLASSES = 3\n", "CLASSES = 3\nprint('hello')\n"), "hello"),
    "another formula": (_edit(" + weights.intercept", ""), "got "),
}


@pytest.mark.parametrize(("breaks", "words"), BROKEN.values(), ids=BROKEN)
def test_a_wrong_package_is_found(trained: Trained, folder: Path, breaks: Callable[[Path], None], words: str) -> None:
    """Before anybody loads it, and with the reason."""
    breaks(folder)

    with pytest.raises(GoldenMismatch, match=words):
        parity(trained.golden, folder)


def test_nothing_to_compare_is_no_agreement(trained: Trained, folder: Path) -> None:
    """Golden rows that are none agree with everything, and count for nothing."""
    none = replace(trained.golden, features=trained.golden.features[:0], probabilities=trained.golden.probabilities[:0])

    with pytest.raises(GoldenMismatch, match="no golden rows"):
        parity(none, folder)
