"""deap_nas.runs.journal: whole lines or none, whatever happens to the file."""

from __future__ import annotations

import hashlib
import random
import resource
import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any

import drivers
import numpy as np
import pytest
import stubs

from deap_nas.evaluation.fitness import failed
from deap_nas.evaluation.trained import Trained
from deap_nas.runs.journal import Journal, JournalError, JournalWarning

GENOMES = [f"NC {n} 3 relu;RC 4 3 relu;RC 4 3 relu;FL tanh" for n in (2, 4, 6)]


def trained(i: int = 0) -> Trained:
    rng = random.Random(i)
    return Trained(stubs.evaluation(rng), stubs.weights(rng, layers=5))


def write(folder: Path, *generations: list[str]) -> None:
    """A journal of these generations, with an end."""
    folder.mkdir(exist_ok=True)
    with Journal(folder) as journal:
        for number, genomes in enumerate(generations):
            for genome in genomes:
                journal.record(genome, trained(GENOMES.index(genome)), cached=False)
            journal.end_generation(number, genomes, {"max": 0.1 + number})
            journal.start_generation(number + 1)
        journal.append("end", stopped="generations")


def read(folder: Path) -> tuple[dict[str, Any], list[JournalWarning]]:
    """What a journal says, and the warnings on opening it."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        with Journal(folder) as journal:
            said = {
                "rows": [(r["genome"], r["generation"], r["evaluation"]) for r in journal.rows()],
                "generations": journal._generations,
                "end": journal.end,
            }
    assert all(w.category is JournalWarning for w in caught)
    return said, [w.message for w in caught]


@pytest.fixture
def unsynced(monkeypatch: pytest.MonkeyPatch) -> None:
    """Thousands of journals are opened: not each need wait for the disk."""
    monkeypatch.setattr("os.fsync", lambda _: None)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write(tmp_path / "run", GENOMES[:2], GENOMES[2:])
    return tmp_path / "run"


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """A journal of which every byte can be harmed in turn."""
    write(tmp_path / "small", GENOMES[:1])
    return tmp_path / "small"


# --- written and read


def test_what_was_written_is_read_back(folder):
    with Journal(folder) as journal:
        assert [row["genome"] for row in journal.rows()] == GENOMES
        assert [row["generation"] for row in journal.rows()] == [0, 0, 1]
        for i, genome in enumerate(GENOMES):
            assert journal.recall(genome) == trained(i).evaluation
        assert journal.end is not None
        assert journal.end["stopped"] == "generations"


def test_what_was_not_written_is_not_recalled(folder):
    with Journal(folder) as journal:
        assert journal.recall("NC 1 1 relu;FL relu") is None
        assert journal.weights("NC 1 1 relu;FL relu") is None


def test_it_is_known_at_once_and_to_a_second_reader(tmp_path):
    with Journal(tmp_path) as journal:
        assert journal.rows() == []
        journal.record(GENOMES[0], trained(), cached=True)
        assert journal.recall(GENOMES[0]) == trained().evaluation
        assert [line["cached"] for line in drivers.lines_of(tmp_path)] == [True]


def test_every_line_is_forced_to_disk(tmp_path, monkeypatch):
    """The line is complete when fsync is called, and nothing is written after it."""
    sizes = []

    def fsync(descriptor: int) -> None:
        sizes.append((tmp_path / "journal.jsonl").stat().st_size)

    with Journal(tmp_path) as journal:
        monkeypatch.setattr("os.fsync", fsync)
        journal.append("end", stopped="x")
        assert sizes == [(tmp_path / "journal.jsonl").stat().st_size]
        assert sizes[0] > 0


def test_weights_come_back_exactly_and_before_their_line(tmp_path, monkeypatch):
    with Journal(tmp_path) as journal:
        monkeypatch.setattr(Journal, "append", lambda *_, **__: None)
        journal.record(GENOMES[0], trained(7), cached=False)
        monkeypatch.undo()
        weights = journal.weights(GENOMES[0])
        assert journal.recall(GENOMES[0]) is None
    assert weights is not None
    for one, other in zip(weights, trained(7).weights, strict=True):
        assert one.dtype == other.dtype
        np.testing.assert_array_equal(one, other)


def test_a_failure_has_no_weights_but_a_reason(tmp_path):
    with Journal(tmp_path) as journal:
        journal.record(GENOMES[0], Trained(failed("oom", "too big", 99), []), cached=False)
    with Journal(tmp_path) as journal:
        evaluation = journal.recall(GENOMES[0])
        assert evaluation is not None
        assert (evaluation.status, evaluation.reason) == ("oom", "too big")
        assert journal.weights(GENOMES[0]) is None


def test_outcomes_are_known_by_genome_and_budget(tmp_path):
    with Journal(tmp_path) as journal:
        for budget in (5, 20):
            journal.record(GENOMES[0], trained(budget), cached=False, budget=budget)
        journal.record(GENOMES[1], trained(1), cached=True, budget=20)
    with Journal(tmp_path) as journal:
        assert journal.recall(GENOMES[0], 5) == trained(5).evaluation
        assert journal.recall(GENOMES[0], 20) == trained(20).evaluation
        assert journal.recall(GENOMES[0], 1) is None
        assert journal.outcomes(5) == [(GENOMES[0], False)]
        assert journal.outcomes(20) == [(GENOMES[0], False), (GENOMES[1], True)]
        assert [row["budget"] for row in journal.rows()] == [5, 20, 20]


def test_lines_of_before_are_of_the_runs_one_budget(tmp_path):
    with Journal(tmp_path) as journal:
        content = {"cached": False, "evaluation": trained().evaluation.to_dict()}
        journal.append("evaluation", genome=GENOMES[0], generation=0, **content)
    with Journal(tmp_path) as journal:
        assert "budget" not in journal.rows()[0]
        assert journal.recall(GENOMES[0], 5) == trained().evaluation
        assert journal.outcomes(5) == [(GENOMES[0], False)]


def test_weights_may_be_of_any_number(tmp_path):
    """A layer may have none, two, or the six of a batch normalisation and a convolution."""
    with Journal(tmp_path) as journal:
        for n in (1, 7, 30):
            journal.keep_weights(GENOMES[0], [np.ones(2)] * n)
            assert len(journal.weights(GENOMES[0]) or []) == n


def test_the_first_outcome_of_a_genome_holds(folder):
    with Journal(folder) as journal:
        journal.record(GENOMES[0], trained(99), cached=False)
    with Journal(folder) as journal:
        assert journal.recall(GENOMES[0]) == trained(0).evaluation
        assert len(journal.rows()) == 3


def test_elapsed_goes_on_where_it_stopped(tmp_path, monkeypatch):
    now = [100.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    with Journal(tmp_path) as journal:
        now[0] += 5
        journal.append("end", stopped="x")
    now[0] += 1000  # a pause
    with Journal(tmp_path) as journal:
        now[0] += 2
        assert journal.elapsed() == pytest.approx(7)


def test_a_generation_is_written_once_and_another_one_refused(folder):
    before = (folder / "journal.jsonl").read_bytes()
    with Journal(folder) as journal:
        journal.end_generation(0, GENOMES[:2], {"max": 0.1})
        assert (folder / "journal.jsonl").read_bytes() == before
        with pytest.raises(JournalError, match=r"generation 0 is not the one in .*journal\.jsonl"):
            journal.end_generation(0, GENOMES[:1], {"max": 0.1})


# --- damage


def test_cut_at_every_byte(small, tmp_path, unsynced):
    """A torn end is noticed and set aside; all lines before it hold; writing goes on behind."""
    raw = (small / "journal.jsonl").read_bytes()
    whole, _ = read(small)
    ends = [i + 1 for i, byte in enumerate(raw) if byte == ord("\n")]
    target = tmp_path / "cut"
    target.mkdir()
    for length in range(len(raw)):
        (target / "journal.jsonl").write_bytes(raw[:length])
        said, caught = read(target)
        sound = sum(end <= length for end in ends)
        assert len(said["rows"]) + len(said["generations"]) + bool(said["end"]) == sound
        assert said["rows"] == whole["rows"][: len(said["rows"])]
        assert len(caught) == (length not in (0, *ends)), length
        kept = raw[: max([0, *(end for end in ends if end <= length)])]
        assert (target / "journal.jsonl").read_bytes() == kept
        if caught:
            assert (target / "journal.damaged").read_bytes().endswith(raw[len(kept) : length])


def test_writing_goes_on_behind_a_torn_line(folder):
    raw = (folder / "journal.jsonl").read_bytes()
    (folder / "journal.jsonl").write_bytes(raw[:-5])
    with pytest.warns(JournalWarning, match="1 damaged"), Journal(folder) as journal:
        journal.append("end", stopped="again")
    said, caught = read(folder)
    assert said["end"]["stopped"] == "again"
    assert len(said["rows"]) == 3
    assert not caught


def test_each_byte_flipped(small, tmp_path, unsynced):
    """Never a wrong answer: the line (or two, where their separator was hit) is set aside."""
    raw = (small / "journal.jsonl").read_bytes()
    whole, _ = read(small)
    target = tmp_path / "flipped"
    target.mkdir()
    rng = random.Random(0)
    for place in range(len(raw)):
        damaged = bytearray(raw)
        damaged[place] ^= 1 << rng.randrange(8)
        (target / "journal.jsonl").write_bytes(damaged)
        said, caught = read(target)
        assert len(caught) == 1, place
        assert "damaged" in str(caught[0])
        lost = 0
        for row in whole["rows"]:
            lost += row not in said["rows"]
        assert all(row in whole["rows"] for row in said["rows"])
        for number, line in whole["generations"].items():
            lost += number not in said["generations"]
            assert said["generations"].get(number, line) == line
        lost += said["end"] is None
        assert lost == (2 if raw[place] == ord("\n") and place < len(raw) - 1 else 1), place


def test_damaged_lines_are_kept_aside_all_of_them(folder):
    raw = (folder / "journal.jsonl").read_bytes()
    for text in (b"first damage\n", b"second damage\n"):
        with (folder / "journal.jsonl").open("ab") as file:
            file.write(text)
        with pytest.warns(JournalWarning, match="journal.damaged"):
            Journal(folder).close()
    assert (folder / "journal.jsonl").read_bytes() == raw
    assert (folder / "journal.damaged").read_bytes() == b"first damage\nsecond damage\n"


def test_what_a_damaged_line_said_is_done_again(folder):
    raw = (folder / "journal.jsonl").read_bytes()
    (folder / "journal.jsonl").write_bytes(b"X" + raw[1:])
    with pytest.warns(JournalWarning):
        journal = Journal(folder)
    with journal:
        assert journal.recall(GENOMES[0]) is None
        journal.record(GENOMES[0], trained(0), cached=False)
    assert read(folder)[0]["rows"][-1][0] == GENOMES[0]


def test_damaged_weights_are_no_weights_and_never_wrong_ones(folder):
    """Each byte flipped, and the file cut and empty."""
    path = folder / "weights" / _name(GENOMES[0])
    raw, noticed = path.read_bytes(), 0
    flips = [raw[:i] + bytes([raw[i] ^ 0x10]) + raw[i + 1 :] for i in range(len(raw))]
    with Journal(folder) as journal, warnings.catch_warnings():
        warnings.simplefilter("ignore", JournalWarning)
        for content in [b"", raw[: len(raw) // 2], raw[:-1], *flips]:
            path.write_bytes(content)
            weights = journal.weights(GENOMES[0])
            noticed += weights is None
            for one, other in zip(weights or trained(0).weights, trained(0).weights, strict=True):
                np.testing.assert_array_equal(one, other)
    assert noticed > len(raw) / 2


def _name(genome: str) -> str:
    return f"{hashlib.sha256(genome.encode()).hexdigest()[:16]}.npz"


# --- a full disk

FILL = """
import random, resource, sys, warnings
from pathlib import Path
import stubs
from deap_nas.runs.journal import Journal
from deap_nas.evaluation.trained import Trained
limit = int(sys.argv[2])
if limit:
    import signal
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
with Journal(Path(sys.argv[1])) as journal:
    for i in range(100000):
        rng = random.Random(i)
        try:
            journal.record(f"genome {i}", Trained(stubs.evaluation(rng), stubs.weights(rng)), False)
        except OSError as error:
            print(i, error.errno)
            break
"""


@pytest.mark.parametrize("limit", [1, 3000, 3001, 10_000])
def test_a_line_that_does_not_fit_is_not_there_at_all(tmp_path, limit):
    """RLIMIT_FSIZE: the write ends short, then fails."""
    check_full(tmp_path, limit)


def test_a_full_disk(tmp_path):
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(tmp_path)]
    script = f"{' '.join(mount)} && exec {sys.executable} -c '{CHECK_IN_MOUNT}' {tmp_path}"
    if subprocess.run(["unshare", "-m", "true"], capture_output=True, check=False).returncode:
        pytest.skip("mounting needs root, or unprivileged mount namespaces")
    result = subprocess.run(
        ["unshare", "-m", "sh", "-c", script],
        env=drivers.environment(),
        cwd=Path(__file__).parent,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    assert result.stdout == "checked\n"


CHECK_IN_MOUNT = """
import sys
from pathlib import Path
import test_journal
test_journal.check_full(Path(sys.argv[1]), 0)
print("checked")
"""


def check_full(folder: Path, limit: int) -> None:
    """Fill a journal until it fails: every line before is whole, none is torn."""
    result = drivers.python(FILL, folder, limit)
    assert result.returncode == 0, result.stderr
    failed_at, _ = map(int, result.stdout.split())
    said, caught = read(folder)
    assert not caught
    assert len(said["rows"]) == failed_at
    raw = (folder / "journal.jsonl").read_bytes()
    assert raw.endswith(b"\n") or not raw
    assert not list(folder.rglob("*.part*"))


def test_limits_of_this_process_are_as_before():
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] == resource.RLIM_INFINITY
