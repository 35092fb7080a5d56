"""When jobs are due: whenever a timer stands still, each month is closed once, and books are compared at its return."""

from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exchange.config import SettingsError
from exchange.names import Instant
from web.cli.schedule import COMMANDS, FILE, JobName, Scheduled, read_schedule

SHANGHAI = ZoneInfo("Asia/Shanghai")
DAY = 86_400


def at(text: str) -> Instant:
    return Instant(int(datetime.fromisoformat(text).replace(tzinfo=SHANGHAI).timestamp()))


CLOSE = Scheduled(JobName.CLOSE, "30 2 5 * *", SHANGHAI)
RECONCILE = Scheduled(JobName.RECONCILE, "0 6 * * *", SHANGHAI)


def test_a_month_is_closed_in_the_next_one() -> None:
    due = CLOSE.next_due(at("2026-12-31 23:59"), at("2026-12-31 23:59"))
    assert due == at("2027-01-05 02:30")
    assert CLOSE.command(due) == ("close", "2026-12", "--yes")


def test_a_month_is_that_of_the_time_zone() -> None:
    first_minute = Scheduled(JobName.CLOSE, "0 0 1 * *", SHANGHAI)
    due = first_minute.next_due(at("2026-11-20 00:00"), at("2026-11-20 00:00"))
    assert due == at("2026-12-01 00:00"), "which is still November in Greenwich"
    assert first_minute.command(due) == ("close", "2026-11", "--yes")


def test_what_asks_for_the_same_is_made_up_for_once() -> None:
    assert RECONCILE.next_due(at("2026-11-01 06:00"), at("2026-11-20 07:00")) == at("2026-11-20 06:00")
    assert RECONCILE.next_due(at("2026-11-20 06:00"), at("2026-11-20 07:00")) == at("2026-11-21 06:00")


@given(st.lists(st.integers(0, 120 * DAY), min_size=1, max_size=12))
def test_whenever_the_timer_stands_still_each_month_is_closed_once(pauses: list[int]) -> None:
    """A timer that wakes, does all that is due, and stands still again."""
    now = began = at("2026-01-10 00:00")
    done: dict[Scheduled, Instant] = dict.fromkeys((CLOSE, RECONCILE), began)
    closed: list[tuple[str, ...]] = []
    compared: list[tuple[str, ...]] = []
    for pause in pauses:
        now = Instant(now + pause)
        before = len(compared)
        for job in (CLOSE, RECONCILE):
            while (due := job.next_due(done[job], now)) <= now:
                (closed if job is CLOSE else compared).append(job.command(due))
                done[job] = due
        assert len(compared) - before <= 1
        assert now - done[RECONCILE] < DAY + 1 or done[RECONCILE] == began
    assert closed == [("close", month, "--yes") for month in months(began, now)]


def months(began: Instant, now: Instant) -> list[str]:
    """Those before each fifth, half past two, in the time between."""
    found = []
    for n in range(1, 60):
        year, month = 2026 + n // 12, n % 12 + 1
        if began < at(f"{year}-{month:02}-05 02:30") <= now:
            before = (year, month - 1) if month > 1 else (year - 1, 12)
            found.append(f"{before[0]}-{before[1]:02}")
    return found


def test_the_file_gives_jobs_in_its_order_and_a_zone(tmp_path: Path) -> None:
    assert read_schedule(tmp_path) is None
    (tmp_path / FILE).write_text('[jobs]\nreconcile = "0 6 * * *"\nclose = "30 2 5 * *"\n')
    assert read_schedule(tmp_path) == [RECONCILE, CLOSE]
    (tmp_path / FILE).write_text('time_zone = "UTC"\n[jobs]\npayout = "0 9 * * mon"\n')
    assert read_schedule(tmp_path) == [Scheduled(JobName.PAYOUT, "0 9 * * mon", ZoneInfo("UTC"))]


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("[jobs", "is no TOML file"),
        ("", "can't be used: jobs: Field required"),
        ("[jobs]", "jobs: Dictionary should have at least 1 item"),
        ('[jobs]\nclean = "* * * * *"', "jobs.clean: Input should be 'close'"),
        ('[jobs]\nclose = "61 2 5 * *"', "jobs.close: 61 2 5 * * is no cron expression (Bad minute)"),
        ('[jobs]\nclose = "0 0 */20 * 1L"', "jobs.close: 0 0 */20 * 1L is never due"),
        ("[jobs]\nclose = 5", "jobs.close: Input should be a valid string"),
        ('time_zone = "Mars"\n[jobs]\nclose = "0 0 1 * *"', "time_zone: invalid timezone"),
        ('zone = "UTC"\n[jobs]\nclose = "0 0 1 * *"', "zone: Extra inputs are not permitted"),
    ],
)
def test_a_file_that_cant_be_used_is_told_where(tmp_path: Path, written: str, said: str) -> None:
    (tmp_path / FILE).write_text(written)
    with pytest.raises(SettingsError) as told:
        read_schedule(tmp_path)
    assert str(tmp_path / FILE) in str(told.value)
    assert said in str(told.value)


def test_every_job_is_a_command_by_its_name() -> None:
    assert {name: words[0] for name, words in COMMANDS.items()} == {name: name.value for name in JobName}
