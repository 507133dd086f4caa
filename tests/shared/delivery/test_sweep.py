"""The sweep on real storage: nothing that no event told of is skipped."""

import threading
from datetime import timedelta

import pytest
from azure.storage.blob import ContentSettings

from shared.delivery.report import Outcome, Report, Tally
from shared.errors import StorageAway, TokenRefused, Vanished
from shared.flowlog import LogKind, day_prefix, parse_blob_name
from shared.storage.checkpoint import State
from tests.support.gateway import answers
from tests.support.logs import CLOSER, HEAD, HOUR, log_blob, ports_of, record

NSG = LogKind.NSG
H = timedelta(hours=1)
MACS = ("000D3AF87856", "000D3AF87857", "000D3AF87858")


def stored(world):
    return sorted(ports_of(list(world.gateway.stored.elements())))


def watermark(world):
    return world.horizon.watermark(NSG)[0].hour


def test_a_log_that_no_event_told_of_is_delivered(world):
    log = world.log()
    log.minute(1)
    assert [report.outcome for report in world.sweep()] == [Outcome.DELIVERED]
    assert stored(world) == [1]


def test_what_is_delivered_is_not_even_looked_into(world):
    log = world.log()
    log.minute(1)
    world.event(log)
    assert world.sweep() == []


def test_the_first_run_begins_at_the_hour_of_installation_and_reads_nothing_older(world):
    for hours in range(3):
        world.log(log_blob(HOUR - hours * H)).minute(hours)
    world.sweep()
    assert stored(world) == [0]


def test_the_first_run_begins_at_start_from_where_it_is_set(make_world):
    world = make_world(start_from=HOUR - 30 * H)
    for hours in (0, 1, 29, 30, 31):
        world.log(log_blob(HOUR - hours * H)).minute(hours)
    world.sweep()
    assert stored(world) == [0, 1, 29, 30]


def test_the_watermark_moves_over_hours_found_complete_two_hours_after_they_ended(world):
    log = world.log()
    log.minute(1)
    world.sweep()
    assert watermark(world) == HOUR
    world.clock.move(2.4 * 3600)  # 17:54
    world.sweep()
    assert watermark(world) == HOUR
    world.clock.move(600)
    world.sweep()
    assert watermark(world) == HOUR + H


def test_the_watermark_stays_before_an_hour_that_is_not_delivered(world):
    world.log().minute(1)
    world.gateway.always = answers(TokenRefused("401"))
    for _ in range(6):
        world.sweep()
        world.clock.move(3600)
    assert watermark(world) == HOUR
    world.gateway.always = lambda *_: None
    world.sweep()
    assert stored(world) == [1]
    assert watermark(world) > HOUR


def test_a_commit_after_the_hour_is_found(world):
    log = world.log()
    log.minute(1)
    world.event(log)
    world.clock.move(45 * 60)
    log.minute(2)
    world.sweep()
    assert stored(world) == [1, 2]


def test_five_days_of_refused_tokens_then_a_good_one_and_all_arrives(world):
    world.gateway.always = answers(TokenRefused("401"))
    ports = range(5 * 6)
    for port in ports:
        log = world.log(log_blob(world.clock.now().replace(minute=0)))
        log.minute(port)
        world.event(log)
        world.clock.move(4 * 3600)
    world.sweep()
    assert stored(world) == []
    world.gateway.always = lambda *_: None
    world.clock.move(600)
    world.sweep(seconds=1e6)
    assert stored(world) == list(ports)
    assert set(world.gateway.stored.values()) == {1}


def test_an_hour_whose_last_commit_came_early_is_closed_later(world):
    log = world.log()
    log.minute(1)
    world.event(log)
    assert world.checkpoints.read(log.log).state is State.OPEN
    world.clock.move(3600)
    world.sweep()
    assert world.checkpoints.read(log.log).state is State.CLOSED
    assert list(world.checkpoints.listed_open(NSG, world.clock.now())) == []


def test_open_checkpoints_are_listed_up_to_an_hour(world):
    log = world.log()
    log.minute(1)
    world.event(log)
    assert list(world.checkpoints.listed_open(NSG, HOUR)) == []
    listed = world.checkpoints.listed_open(NSG, HOUR + timedelta(hours=1))
    assert [checkpoint.blob for checkpoint in listed] == [log.log.name]


def test_open_checkpoints_from_before_the_watermark_are_swept_too(world):
    log = world.log()
    log.minute(1)
    world.event(log)
    world.clock.move(5 * 3600)
    world.sweep()
    assert watermark(world) > HOUR
    log.minute(2)
    world.gateway.faults = [answers(TokenRefused("401"))]
    world.event(log)
    world.clock.move(600)
    world.sweep()
    assert stored(world) == [1, 2]


def test_a_sweep_does_nothing_while_the_gateway_is_given_a_rest(world):
    world.log().minute(1)
    world.gateway.always = answers(TokenRefused("401"))
    world.sweep()
    attempts = len(world.gateway.posts)
    assert world.sweep() == []
    assert len(world.gateway.posts) == attempts


def test_a_sweep_that_runs_out_of_time_goes_on_where_it_stopped(make_world):
    world = make_world(start_from=HOUR - 6 * H)
    for hours in range(7):
        world.log(log_blob(HOUR - hours * H)).minute(hours)
    world.gateway.always = lambda *_: world.clock.move(60)
    delivered = []
    for _ in range(4):
        world.sweep(seconds=100)
        delivered.append(len(stored(world)))
    assert delivered[0] < delivered[1] <= delivered[2] <= 7
    world.sweep(seconds=1e6)
    assert stored(world) == list(range(7))


def _archive(*logs):
    for log in logs:
        log.put(b"{}")
        log.client.set_standard_blob_tier("Archive")


def test_what_the_listing_says_can_not_be_read_costs_no_call_and_one_line(make_world):
    world = make_world(start_from=HOUR - 4 * H)
    _archive(*(world.log(log_blob(HOUR - 4 * H, f"{number:012X}")) for number in range(9)))
    marked, page = world.log(log_blob(HOUR - 4 * H, MACS[1])), world.log(log_blob(HOUR - 4 * H, MACS[2]))
    marked.client.upload_blob(HEAD, content_settings=ContentSettings(content_encoding="gzip"))
    page.client.create_page_blob(512)
    fresh = world.log()
    fresh.minute(1)
    asked = []
    world.worker = _Asked(world.worker, asked)
    *delivered, line = world.sweep()
    assert asked == [fresh.log]
    assert [report.outcome for report in delivered] == [Outcome.DELIVERED]
    assert (line.blob, line.outcome) == (NSG.container, Outcome.UNSUPPORTED)
    assert "9 such as resourceId=" in line.message
    assert "Rehydrate it" in line.message
    assert "is compressed" in line.message
    assert "is not a block blob" in line.message
    assert watermark(world) == HOUR - 4 * H


def test_a_log_that_is_marked_as_compressed_and_is_not_is_delivered_by_an_event_and_closed(world):
    log = world.log()
    log.client.upload_blob(HEAD + record(1) + CLOSER, content_settings=ContentSettings(content_encoding="gzip"))
    assert world.event(log).outcome is Outcome.DELIVERED
    world.clock.move(4 * 3600)
    assert [report.outcome for report in world.sweep()] == [Outcome.NOTHING_NEW]
    assert world.checkpoints.read(log.log).state is State.CLOSED
    assert world.sweep() == []
    assert stored(world) == [1]


def test_logs_that_take_all_the_time_starve_nobody(make_world):
    world = make_world(start_from=HOUR - 4 * H)
    for number in range(20):
        world.log(log_blob(HOUR - 4 * H, f"{number:012X}")).minute(100 + number)
    world.log().minute(1)
    world.worker = _Slow(world, fails=log_blob().hour - 4 * H)
    sweeps = 0
    while stored(world) != [1]:
        world.sweep(seconds=100)
        sweeps += 1
        assert sweeps < 6
    assert watermark(world) == HOUR - 4 * H


def test_within_an_hour_each_sweep_goes_on_behind_what_the_last_one_tried(make_world):
    world = make_world(start_from=HOUR - 4 * H)
    names = []
    for number in range(20):
        log = world.log(log_blob(HOUR - 4 * H, f"{number:012X}"))
        log.minute(1)
        names.append(log.log.name)
    world.worker = _Slow(world, fails=HOUR - 4 * H)
    for _ in range(3):
        world.sweep(seconds=100)
    tried = [log.name for log in world.worker.tried]
    assert len(tried) > 30
    assert sorted(tried[:20]) == names
    assert sorted(tried[20:32]) == names[:12]


@pytest.mark.parametrize("broken", ["AAA", "MMM", "ZZZ"])
def test_a_listing_that_fails_hides_nothing_but_its_own(world, broken):
    for port, resource in enumerate(("AAA", "MMM", "ZZZ")):
        world.log(_of_resource(resource)).minute(port)
    entries = world.logs.entries

    def failing(kind, prefix):
        if f"/{broken}/" in prefix:
            raise StorageAway("It is away.")
        return entries(kind, prefix)

    world.logs.entries = failing
    with pytest.raises(StorageAway):
        world.sweep()
    others = [port for port, resource in enumerate(("AAA", "MMM", "ZZZ")) if resource != broken]
    assert stored(world) == others
    world.clock.move(5 * 3600)
    world.sweep_calmly()
    assert watermark(world) == HOUR
    world.logs.entries = entries
    world.sweep()
    assert stored(world) == [0, 1, 2]


@pytest.mark.parametrize("fails", ["listed_open", "listed"])
def test_checkpoints_that_can_not_be_listed_end_no_sweep(world, monkeypatch, fails):
    older = world.log()
    older.put(HEAD + record(1) + b',{"time"')
    world.event(older)
    world.clock.move(5 * 3600)
    world.sweep()
    world.log(log_blob(HOUR + 5 * H)).minute(2)

    def away(*_):
        raise StorageAway("It is away.")

    monkeypatch.setattr(world.checkpoints, fails, away)
    world.sweep_calmly()
    assert stored(world) == ([1, 2] if fails == "listed_open" else [1])
    monkeypatch.undo()
    world.sweep()
    assert stored(world) == [1, 2]


def test_what_a_sweep_has_shown_is_not_gone_before_a_later_one_finds_it_so(world, monkeypatch):
    log = world.log()
    log.minute(1)
    world.sweep()
    log.minute(2)
    world.clock.move(5 * 3600)
    with monkeypatch.context() as lies:
        lies.setattr(world.logs, "snapshot", _gone)
        lies.setattr(world.logs, "is_listed", lambda _log: False)
        assert [report.outcome for report in world.sweep()] == [Outcome.VANISHED]
    assert watermark(world) == HOUR
    world.sweep()
    assert stored(world) == [1, 2]


def test_what_nobody_reads_is_told_though_something_else_went_wrong(world):
    _archive(world.log())
    other = world.log(_of_resource("ZZZ"))
    other.minute(1)
    entries = world.logs.entries

    def failing(kind, prefix):
        if "/ZZZ/" in prefix:
            raise StorageAway("It is away.")
        return entries(kind, prefix)

    world.logs.entries = failing
    sweep, told = world.sweeping(), []
    with pytest.raises(StorageAway):
        told.extend(report.outcome for report in sweep)
    assert told == [Outcome.UNSUPPORTED]


def test_folders_that_begin_with_no_key_cost_no_sweep_its_time(world):
    log = world.log()
    log.minute(1)
    container = world.container(log)
    for number in range(30):
        container.upload_blob(f"copies/{number}/PT1H.json", b"{}")
    world.sweep()
    walked = []
    walk = world.logs._walk

    def noted(kind, prefix):
        walked.append(prefix)
        return walk(kind, prefix)

    world.logs._walk = noted
    log.minute(2)
    world.sweep()
    assert stored(world) == [1, 2]
    assert not [prefix for prefix in walked if prefix.startswith("copies")]


def test_a_container_that_never_was_is_no_fault_and_its_watermark_goes_with_the_clock(make_world):
    world = make_world(start_from=HOUR - 30 * H)
    assert world.sweep() == []
    assert watermark(world) == HOUR - 2 * H
    world.clock.move(5 * 3600)
    assert world.sweep() == []
    assert watermark(world) == HOUR + 3 * H


def test_a_container_that_comes_later_is_looked_through_from_the_start(make_world):
    world = make_world(start_from=HOUR - 30 * H)
    world.sweep()
    for hours in (0, 29, 31):
        world.log(log_blob(HOUR - hours * H)).minute(hours)
    world.sweep()
    assert stored(world) == [0, 29]


def test_a_container_that_was_there_holds_the_watermark_while_it_is_not(world):
    log = world.log()
    log.minute(1)
    world.sweep()
    container = world.container(log)
    container.delete_container()
    world.clock.move(5 * 3600)
    with pytest.raises(StorageAway, match="It had one"):
        world.sweep()
    assert watermark(world) == HOUR
    log.rewrite()
    container.create_container()
    log.minute(2)
    world.sweep()
    assert stored(world) == [1, 2]
    assert watermark(world) > HOUR


@pytest.mark.parametrize(
    "name",
    [
        "PT1H.json",
        "copies/{name}",
        "{name}.gz",
        "{resource}/PT1H.json",
        "{resource}/y=2026/PT1H.json",
        "{resource}/y=2026/m=11/d=23/PT1H.json",
        "{resource}/y=2026/m=11/d=23/h=15/PT1H.json.1",
        "{resource}/y=2026/m=11/d=23/h=5/m=00/PT1H.json",
        "{resource}/Y=2026/m=11/d=23/h=15/m=00/macAddress=X/pt1h.json.gz",
        "{resource}/y=26/m=11/d=23/h=15/m=00/PT1H.json",
        "{resource}/y=2026/m=11/d=23/H=15/m=00/macAddress=X/PT1H.json",
        "{resource}/y=2026/M=11/d=23/h=15/m=00/macAddress=X/PT1H.json",
        "{resource}/y=2026/m=11/D=23/h=15/m=00/macAddress=X/PT1H.json",
        "{resource}/y=2026/m=11/d=31/h=15/m=00/macAddress=X/PT1H.json",
    ],
)
def test_a_name_that_nobody_reads_is_in_the_summary(world, name):
    log = world.log()
    log.minute(1)
    odd = name.format(name=log.log.name, resource=log.log.resource)
    world.container(log).upload_blob(odd, b"{}")
    *_, line = world.sweep()
    assert line.outcome is Outcome.UNSUPPORTED
    assert f"1 such as {odd}: Its name is like a flow log's" in line.message
    assert stored(world) == [1]


def test_a_log_under_another_key_is_delivered(world):
    log = world.log(parse_blob_name(NSG.container, log_blob().name.replace("resourceId=", "flowLogResourceID=")))
    log.minute(1)
    assert [report.outcome for report in world.sweep()] == [Outcome.DELIVERED]


@pytest.mark.parametrize("times", [1, 2])
def test_storage_s_word_that_a_log_is_gone_is_not_believed_against_its_listing(world, times, monkeypatch):
    log = world.log()
    world.sweep()
    log.minute(1)
    if times == 2:
        world.event(log)
        log.minute(2)
    world.clock.move(5 * 3600)
    monkeypatch.setattr(world.logs, "snapshot", _gone)
    (report,) = world.sweep()
    assert report.outcome is Outcome.RETRY_LATER
    assert "though its listing shows it" in report.message
    assert watermark(world) == HOUR
    monkeypatch.undo()
    world.sweep()
    assert stored(world) == list(range(1, times + 1))


def test_several_cards_and_resources_are_all_found(world):
    for number, mac in enumerate(MACS):
        world.log(log_blob(mac=mac)).minute(number)
    assert len(world.sweep()) == 3
    assert stored(world) == [0, 1, 2]


def test_an_unsupported_blob_that_was_never_begun_holds_the_watermark_until_its_hour_is_too_old(world):
    world.sweep()
    log = world.log()
    log.client.create_append_blob()
    log.client.append_block(b"{}")
    for _ in range(2):
        world.clock.move(5 * 3600)
        assert [report.outcome for report in world.sweep()] == [Outcome.UNSUPPORTED]
    assert watermark(world) == HOUR
    world.clock.move(timedelta(days=35).total_seconds())
    assert world.sweep() == []
    assert watermark(world) > HOUR


def test_an_unsupported_blob_that_was_begun_is_kept_in_sight_by_its_checkpoint(world):
    log = world.log()
    log.put(HEAD + record(1) + b',{"time"')
    world.event(log)
    for _ in range(2):
        world.clock.move(5 * 3600)
        assert [report.outcome for report in world.sweep()] == [Outcome.UNSUPPORTED]
        assert watermark(world) > HOUR


def test_nothing_older_than_thirty_five_days_is_swept_though_the_watermark_is_older(world):
    world.sweep()
    for hours in (0, 23):
        world.log(log_blob(HOUR + hours * H)).minute(hours)
    world.clock.move(timedelta(days=35, hours=20).total_seconds())
    world.sweep()
    assert stored(world) == [23]


def test_an_earlier_start_from_is_gone_back_to_once(world):
    world.sweep()
    world.clock.move(5 * 3600)
    world.sweep()
    reached = watermark(world)
    world.log(log_blob(HOUR - H)).minute(1)
    world.restart(start_from=HOUR - H)
    assert watermark(world) == HOUR - H
    world.sweep()
    assert stored(world) == [1]
    world.restart(start_from=HOUR - H)
    assert watermark(world) == reached > HOUR


def test_what_a_later_start_from_left_unread_is_read_once_it_is_gone(world):
    begun, never = world.log(), world.log(log_blob(mac=MACS[1]))
    begun.minute(1)
    world.event(begun)
    begun.minute(2)
    never.minute(3)
    world.clock.move(8 * 3600)
    world.restart(start_from=HOUR + 4 * H)
    world.sweep()
    assert stored(world) == [1, 2]
    assert watermark(world) > HOUR
    world.restart(start_from=None)
    world.sweep()
    assert stored(world) == [1, 2, 3]


def test_a_bug_at_one_blob_is_raised_after_the_others_had_their_turn_and_keeps_its_hour(world):
    for hours in range(3):
        world.log(log_blob(HOUR + hours * H)).minute(hours)
    world.horizon.oldest(NSG)
    world.clock.move(8 * 3600)
    broken = _Broken(world.worker, log_blob(HOUR + H))
    with pytest.raises(ZeroDivisionError) as raised:
        world.sweep(broken)
    assert log_blob(HOUR + H).name in raised.value.__notes__[0]
    assert stored(world) == [0, 2]
    assert watermark(world) == HOUR + H
    world.sweep()
    assert stored(world) == [0, 1, 2]


def test_a_bug_at_an_older_blob_that_was_begun_does_not_end_the_sweep(world):
    older = world.log()
    older.put(HEAD + record(1) + b',{"time"')
    world.event(older)
    world.clock.move(5 * 3600)
    world.sweep()
    world.log(log_blob(HOUR + 5 * H)).minute(2)
    with pytest.raises(ZeroDivisionError):
        world.sweep(_Broken(world.worker, older.log))
    assert stored(world) == [1, 2]


def test_a_clock_that_was_ahead_for_one_sweep_leaves_nothing_unswept(world):
    world.sweep()
    world.clock.move(3 * 24 * 3600)
    world.sweep()
    ahead = watermark(world)
    world.clock.move(-3 * 24 * 3600 + 3600)
    world.log(log_blob(HOUR + H)).minute(1)
    world.sweep()
    assert stored(world) == [1]
    assert watermark(world) == HOUR < ahead


def test_checkpoints_go_when_they_are_old_or_their_log_is_gone(world):
    kept, gone = world.log(), world.log(log_blob(mac=MACS[1]))
    for log in (kept, gone):
        log.minute(1)
        world.event(log)
    gone.client.delete_blob()
    for _ in range(2):
        world.clock.move(26 * 3600)
        world.sweep()
    assert world.checkpoints.read(kept.log) is not None
    assert world.checkpoints.read(gone.log) is None
    world.clock.move(timedelta(days=35).total_seconds())
    world.sweep()
    assert world.checkpoints.read(kept.log) is None
    assert world.sweep() == []
    assert stored(world) == [1, 1]


def test_tidying_stops_at_the_deadline_and_goes_on_at_the_next_sweep(world):
    logs = [world.log(log_blob(HOUR + days * 24 * H)) for days in range(3)]
    for log in logs:
        log.minute(1)
        world.event(log)
        world.clock.move(24 * 3600)
    world.log(log_blob(mac=MACS[1])).minute(2)
    world.sweep()
    for log in logs:
        log.client.delete_blob()
    world.clock.move(24 * 3600)
    listed = _slow_listings(world)
    world.sweep(seconds=100)
    first = [world.checkpoints.read(log.log) is None for log in logs]
    assert first == [True, True, False]
    listed.clear()
    world.sweep(seconds=100)
    assert [world.checkpoints.read(log.log) for log in logs] == [None, None, None]
    assert day_prefix(logs[0].log.resource, logs[0].log.hour.date()) not in listed
    assert world.clock.now() - world.horizon.watermark(NSG)[0].tidied < H


def _gone(log):
    raise Vanished(f"{log.name} is gone.")


def _of_resource(name):
    return parse_blob_name(NSG.container, log_blob().name.replace("/NSG/", f"/{name}/"))


class _Asked:
    """A worker that notes what it is asked to look into."""

    def __init__(self, worker, asked) -> None:
        self._worker = worker
        self._asked = asked
        self.breaker = worker.breaker

    def deliver(self, log, deadline):
        self._asked.append(log)
        return self._worker.deliver(log, deadline)


class _Slow:
    """A worker that takes ten seconds a log, and fails at those of one hour."""

    def __init__(self, world, fails) -> None:
        self._world = world
        self._worker = world.worker
        self._fails = fails
        self._lock = threading.Lock()
        self.tried = []
        self.breaker = world.worker.breaker

    def deliver(self, log, deadline):
        with self._lock:
            self.tried.append(log)
            self._world.clock.move(10)
        if log.hour == self._fails:
            return Report(log.name, Outcome.RETRY_LATER, Tally(), 0)
        return self._worker.deliver(log, deadline)


class _Broken:
    """A worker that has a bug at one log blob."""

    def __init__(self, worker, log) -> None:
        self._worker = worker
        self._log = log
        self.breaker = worker.breaker

    def deliver(self, log, deadline):
        if log == self._log:
            raise ZeroDivisionError
        return self._worker.deliver(log, deadline)


def _slow_listings(world):
    """Let each listing of a whole day of log blobs take a minute; return the prefixes as they are listed."""
    listed, listing = [], world.logs.entries

    def slowly(kind, prefix):
        if "/d=" in prefix and "/h=" not in prefix:
            listed.append(prefix)
            world.clock.move(60)
        return listing(kind, prefix)

    world.logs.entries = slowly
    return listed
