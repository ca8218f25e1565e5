"""Killed by surprise, at any moment: every file is whole, and the run goes on as if nothing had happened."""

import itertools
import random
import shutil
import time
from contextlib import suppress
from pathlib import Path

import pytest

from dlgmm_core.store.checkpoints import TRAINING, WEIGHTS
from tests.kill_helpers import assert_same_end, begin, epochs, go_on, killed_in_save, whole_epochs

KILLS = 12
MESSAGES_OF_AN_EPOCH = 5  # three steps, the beginning and the end of a save
LONGEST_WAIT = 0.01  # seconds; a save takes a few milliseconds


def test_after_many_kills_at_random_moments_the_weights_are_those_of_a_run_never_killed(tmp_path: Path) -> None:
    config, folder, whole = epochs(30), tmp_path / "killed", tmp_path / "whole"
    go_on(whole, config)
    dice, deaths = random.Random(9), []
    while len(deaths) < KILLS:
        process, ear = begin(folder, config)
        said = ("nothing yet", 0)
        with suppress(EOFError):
            for _ in range(dice.randint(1, 3 * MESSAGES_OF_AN_EPOCH)):
                said = ear.recv()
            time.sleep(dice.uniform(0, LONGEST_WAIT))
            process.kill()
            while True:
                said = ear.recv()
        process.join()
        ear.close()
        found = whole_epochs(folder)
        if process.exitcode == 0 or (TRAINING not in found and WEIGHTS in found):  # it was quicker
            assert_same_end(folder, whole)
            shutil.rmtree(folder)
            continue
        deaths.append(said)
        what, epoch = said
        # The state is of the last epoch saved, or of the one that was being saved.
        assert found.get(TRAINING, 0) in ({epoch, epoch - 1} if what == "saving" else {epoch - (what == "training")})
    go_on(folder, config)
    assert_same_end(folder, whole)
    # not all at one moment: by chance a few may miss one of them, and the next test kills at every moment of a save
    assert len({what for what, _ in deaths}) >= 2 and len({epoch for _, epoch in deaths}) >= 4


@pytest.mark.parametrize(("epoch", "of"), [(1, 3), (3, 3)], ids=["first", "last"])
def test_a_kill_before_or_within_any_change_of_a_file_loses_nothing(epoch: int, of: int, tmp_path: Path) -> None:
    config, whole = epochs(of), tmp_path / "whole"
    go_on(whole, config)
    for moment in itertools.count(1):
        folder = tmp_path / str(moment)
        if not killed_in_save(folder, config, epoch, moment):
            break
        found = whole_epochs(folder)
        assert epoch == 1 or found[TRAINING] == epoch - 1, moment
        if TRAINING in found or WEIGHTS not in found:  # otherwise it has ended, and nobody goes on with it
            go_on(folder, config)
        assert_same_end(folder, whole)
    files = 3 if of > epoch else 2
    assert moment > 5 * files  # each is opened, half written, synchronised, opened to all, moved


def test_whoever_reads_while_a_run_saves_finds_every_file_whole(tmp_path: Path) -> None:
    process, ear = begin(tmp_path / "run", epochs(40))
    seen = set()
    while process.is_alive():
        seen.add(tuple(sorted(whole_epochs(tmp_path / "run").items())))
    process.join()
    ear.close()
    assert process.exitcode == 0 and len(seen) > 2
