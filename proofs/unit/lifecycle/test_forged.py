"""Forged versions lie about one thing each and nothing else: a proof would else see another failure than it meant."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pytest
from proofs.lifecycle.forged import GOLDEN, MODEL, REASON, Forged, misremembered, narrow, sound, unloadable, unready

from models.repository import digest_of
from models.signature import signature_of
from models.wine.golden import TOLERANCE, Golden, read_golden
from models.wine.scoring import read_weights, score
from models.wine.table import read_table
from models.wine.training import is_holdout
from yardflow.training import measure

from .backend import Asked, served

SEED = 500


@pytest.fixture(name="laid_out")
def _laid_out(tmp_path: Path) -> Callable[[Forged], Path]:
    """A version's files as a run's artifacts have them: ``laid_out(sound(seed=1))``."""

    def lay(forged: Forged) -> Path:
        for name, content in forged.files.items():
            target = tmp_path / name
            target.parent.mkdir(exist_ok=True)
            target.write_bytes(content)
        return tmp_path

    return lay


def _differs(golden: Golden, asked: Asked) -> float:
    return float(np.abs(asked(golden.features)[0] - golden.probabilities).max())


def _by_weights(folder: Path) -> Asked:
    weights = read_weights(folder / "weights.npz")
    return lambda features: score(features, weights=weights)


def _measured(asked: Asked) -> Mapping[str, float]:
    table = read_table()
    kept = np.array([is_holdout(int(sample_id)) for sample_id in table.sample_ids])
    probabilities, classes = asked(table.features[kept].astype(np.float32))
    return measure(probabilities, classes, labels=table.labels[kept])


def test_a_sound_version_is_what_it_says(laid_out: Callable[[Forged], Path]) -> None:
    """Digest, signature, golden rows and metrics are those of its files; row 0 is the one that clients ask for."""
    forged = sound(seed=SEED)
    place = laid_out(forged)
    golden, asked = read_golden(place / GOLDEN), _by_weights(place / MODEL)
    assert (forged.digest, forged.signature) == (digest_of(place / MODEL), signature_of("wine"))
    assert _differs(golden, asked) <= TOLERANCE
    assert _measured(asked) == pytest.approx(forged.metrics, abs=1e-9)
    assert golden.sample_ids[0] == 0


def test_two_seeds_are_two_versions() -> None:
    """Whose answers differ by more than a client rounds away, so that a mixture would be seen."""
    one, other = sound(seed=SEED), sound(seed=SEED + 2)
    assert one.digest != other.digest
    assert one.metrics["holdout_log_loss"] != pytest.approx(other.metrics["holdout_log_loss"], abs=1e-4)


def test_an_unready_version_has_other_files_than_its_digest(laid_out: Callable[[Forged], Path]) -> None:
    """Only that: what it is known to answer, and its tags, are a sound one's."""
    forged, right = unready(seed=SEED), sound(seed=SEED)
    assert digest_of(laid_out(forged) / MODEL) != forged.digest
    assert (forged.digest, forged.files[GOLDEN]) == (right.digest, right.files[GOLDEN])


def test_an_unloadable_version_raises_when_it_is_imported(laid_out: Callable[[Forged], Path]) -> None:
    """Its files are those of its digest: nobody notices before somebody loads it."""
    forged = unloadable(seed=SEED)
    place = laid_out(forged)
    assert digest_of(place / MODEL) == forged.digest
    with pytest.raises(RuntimeError, match=REASON):
        served(place / MODEL)


def test_a_misremembered_version_answers_otherwise_than_recorded(laid_out: Callable[[Forged], Path]) -> None:
    """Its metrics are right, so that only the golden rows tell."""
    forged = misremembered(seed=SEED)
    place = laid_out(forged)
    asked = _by_weights(place / MODEL)
    assert digest_of(place / MODEL) == forged.digest
    assert _differs(read_golden(place / GOLDEN), asked) > 0.1
    assert _measured(asked) == pytest.approx(forged.metrics, abs=1e-9)


def test_a_narrow_version_is_right_on_golden_rows_alone(laid_out: Callable[[Forged], Path]) -> None:
    """To the last bit on those, and with other metrics than its run says on all held-out rows."""
    forged = narrow(seed=SEED)
    place = laid_out(forged)
    asked = served(place / MODEL)
    assert digest_of(place / MODEL) == forged.digest
    assert _differs(read_golden(place / GOLDEN), asked) == 0.0
    assert _measured(asked)["holdout_accuracy"] < forged.metrics["holdout_accuracy"] - 0.1
