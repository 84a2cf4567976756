"""A journal survives the death of its writer: what was written is there, what was half written is not."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yardfacts.facts import Malformed, Root
from yardfacts.journal import Ending, InUse, Journal, OtherFormat, read
from yardfacts.redact import MASK, Redactor

PLAIN = Redactor()
Edit = Callable[[list[str]], list[str]]
WRITERS, LINES = 8, 20


@pytest.fixture(name="path")
def _path(tmp_path: Path) -> Path:
    return tmp_path / "journal.jsonl"


def _filled(path: Path) -> Path:
    journal = Journal(path, redactor=PLAIN)
    journal.write("begin", run="r", text="zwölf\u2028\n")
    journal.fact(stage="p20", moment="now", fact=Root(name="a", http_status=404))
    journal.end(Ending.COMPLETED)
    return path


def test_what_is_written_is_read(path: Path) -> None:
    """Records come back in order with their facts, and the last one tells how the run ended."""
    history = read(_filled(path))
    assert [record.kind for record in history.records] == ["begin", "fact", "end"]
    assert history.facts(stage="p20").at("now").of(Root) == (Root(name="a", http_status=404),)
    assert (history.ending, history.torn) == (Ending.COMPLETED, 0)


@given(cut=st.integers(min_value=1))
def test_a_torn_tail_loses_at_most_what_was_torn(cut: int, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Wherever the file is cut off, every whole line before is read, and the rest is counted, never guessed."""
    path = _filled(tmp_path_factory.mktemp("torn") / "journal.jsonl")
    whole = path.read_bytes()
    left = whole[: len(whole) - cut % len(whole)]
    path.write_bytes(left)
    history = read(path)
    assert len(history.records) == left.count(b"\n")
    assert history.torn == len(left) - (left.rfind(b"\n") + 1)
    assert history.ending is (Ending.COMPLETED if left == whole else Ending.INTERRUPTED)


def test_a_journal_without_an_end_was_interrupted(path: Path) -> None:
    """A process that died could not write the end; its silence is taken for what it is."""
    journal = Journal(path, redactor=PLAIN)
    journal.write("begin")
    journal.close()
    assert read(path).ending is Ending.INTERRUPTED


def test_a_dead_writers_journal_is_continued(path: Path) -> None:
    """Who opens it again cuts the half line off, says how much it was, and goes on where the whole ones end."""
    first = Journal(path, redactor=PLAIN)
    first.write("begin")
    first.close()
    with path.open("ab") as file:
        file.write(b'{"seq":1,"at":"20')
    Journal(path, redactor=PLAIN).end(Ending.INTERRUPTED)
    history = read(path)
    assert [(record.seq, record.kind) for record in history.records] == [(0, "begin"), (1, "torn"), (2, "end")]
    assert history.lost == 17


def test_threads_write_one_line_after_the_other(path: Path) -> None:
    """A layer is toggled beside a test, and both tell what they do: every line is there, in one chain."""
    journal = Journal(path, redactor=PLAIN)
    with ThreadPoolExecutor(WRITERS) as threads:
        for writer in range(WRITERS):
            threads.submit(_written, journal, writer)
    journal.end(Ending.COMPLETED)
    history = read(path)
    by = [(record.body["writer"], record.body["line"]) for record in history.of("note")]
    assert sorted(by) == [(writer, line) for writer in range(WRITERS) for line in range(LINES)]
    assert [line for writer, line in by if writer == 0] == list(range(LINES))


def test_an_interrupt_while_the_disk_is_waited_for_leaves_the_chain_whole(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The line that was being written is there, and the end follows it."""
    journal = Journal(path, redactor=PLAIN)
    journal.write("begin")
    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", _interrupted)
        with pytest.raises(KeyboardInterrupt):
            journal.write("note", line="half way")
    journal.end(Ending.INTERRUPTED)
    assert [record.kind for record in read(path).records] == ["begin", "note", "end"]


def _written(journal: Journal, writer: int) -> None:
    for line in range(LINES):
        journal.write("note", writer=writer, line=line)


def _interrupted(_: int) -> None:
    raise KeyboardInterrupt


def test_a_living_writer_keeps_others_out(path: Path) -> None:
    """Two processes never write one journal."""
    journal = Journal(path, redactor=PLAIN)
    with pytest.raises(InUse):
        Journal(path, redactor=PLAIN)
    journal.close()


@pytest.mark.parametrize(
    ("edit", "found"),
    [
        pytest.param(lambda lines: lines[1:], "line 1 is missing", id="first removed"),
        pytest.param(lambda lines: [lines[0], lines[2]], "line 2 is missing", id="one removed"),
        pytest.param(lambda lines: [lines[1], lines[0], lines[2]], "lines 1 and 2 were swapped", id="two swapped"),
        pytest.param(lambda lines: [lines[0], "{}", lines[2]], "line 2 is no record", id="one emptied"),
        pytest.param(lambda lines: [lines[0], lines[1][:-9], lines[2]], "line 2 is no record", id="one cut"),
        pytest.param(lambda lines: [lines[0], lines[1].replace("404", "200"), lines[2]], "line 2", id="one edited"),
        pytest.param(lambda lines: [*lines, lines[2]], "line 4 was added", id="one doubled"),
        pytest.param(lambda lines: [*lines, "{"], "line 4 is no record", id="something added"),
    ],
)
def test_damage_in_the_middle_is_an_error(edit: Edit, found: str, path: Path) -> None:
    """Only a tail can be torn; anything else was done to the file, and the line is named."""
    lines = _filled(path).read_text().split("\n")[:-1]
    path.write_text("\n".join(edit(lines)) + "\n")
    with pytest.raises(Malformed, match=found):
        read(path)


def test_bytes_behind_the_end_are_an_error(path: Path) -> None:
    """A journal that has ended was not torn: somebody wrote on."""
    _filled(path)
    with path.open("ab") as file:
        file.write(b'{"seq":3')
    with pytest.raises(Malformed, match="line 3 is the end, and something was added behind it"):
        read(path)


@given(place=st.integers(min_value=0), flip=st.integers(1, 255))
def test_any_changed_byte_but_of_the_last_line_breaks_the_chain(
    place: int, flip: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """And of the last line, it changes the head, which stands in what is sealed."""
    path = _filled(tmp_path_factory.mktemp("flipped") / "journal.jsonl")
    content, head = bytearray(path.read_bytes()), read(path).head
    place %= len(content)
    in_last = place >= content.rfind(b"\n", 0, -1)
    content[place] ^= flip
    path.write_bytes(content)
    try:
        found = read(path).head
    except Malformed:
        return
    assert in_last
    assert found != head


@pytest.mark.parametrize("first", ['{"seq":0,"at":"","t_s":0,"kind":"begin","body":{"format":1}}', "3"])
def test_another_format_is_refused_by_its_name(first: str, path: Path) -> None:
    """A reader that does not know the shape says so, instead of guessing; a line that is none is damaged."""
    path.write_text(first + "\n")
    wanted = OtherFormat if "format" in first else Malformed
    with pytest.raises(wanted, match="format 1" if "format" in first else "line 1 is no record"):
        read(path)


def test_nothing_is_written_after_the_end(path: Path) -> None:
    """The end is the last record, however often it is called for."""
    journal = Journal(path, redactor=PLAIN)
    journal.end(Ending.COMPLETED)
    journal.end(Ending.ABORTED)
    assert [record.body["ending"] for record in read(path).of("end")] == ["completed"]
    with pytest.raises(ValueError, match="closed"):
        journal.write("note")


def test_secrets_stop_at_the_door(path: Path) -> None:
    """A secret is masked before it reaches the disk, wherever in a record it stands."""
    journal = Journal(path, redactor=Redactor(secrets=["hunter2-hunter2"]))
    journal.write("note", line="it is hunter2-hunter2", deep=[{"password": "short"}])
    journal.end(Ending.COMPLETED)
    assert b"hunter2" not in path.read_bytes()
    assert read(path).records[0].body == {"line": f"it is {MASK}", "deep": [{"password": MASK}]}
