from collections.abc import Callable

import pytest
from azure.core.exceptions import ServiceRequestError, ServiceResponseError
from azure.core.pipeline.transport import RequestsTransport
from azure.storage.blob import BlobClient, BlobLeaseClient, BlobServiceClient, LinearRetry

from dev.azurite import StorageAccount
from shared.errors import HeldElsewhere, StorageAway
from shared.storage.leased_blob import LeasedBlob
from tests.support.time import StillClock


class _Transport(RequestsTransport):
    """Storage's own transport, on which answers get lost as a test says."""

    def __init__(self) -> None:
        super().__init__()
        self.answers_to_lose = 0
        self.away = False
        self.sent = 0

    def send(self, request: object, **options: object) -> object:
        if self.away:
            raise ServiceRequestError("away")
        self.sent += 1
        response = super().send(request, **options)
        if self.answers_to_lose:
            self.answers_to_lose -= 1
            raise ServiceResponseError("lost")
        return response


@pytest.fixture
def transport() -> _Transport:
    return _Transport()


@pytest.fixture
def blob(account: StorageAccount, transport: _Transport) -> BlobClient:
    at_once = LinearRetry(backoff=0, random_jitter_range=0)
    service = BlobServiceClient.from_connection_string(
        account.connection_string, transport=transport, retry_policy=at_once
    )
    return service.create_container("checkpoints").get_blob_client("one")


@pytest.fixture
def written(blob: BlobClient) -> BlobClient:
    blob.upload_blob(b"first")
    return blob


@pytest.fixture
def clock() -> StillClock:
    return StillClock()


def _acquired(blob: BlobClient, clock: StillClock) -> LeasedBlob:
    leased = LeasedBlob.acquire(blob, clock)
    assert leased is not None
    return leased


def _write(leased: LeasedBlob, data: bytes) -> None:
    leased.write(data, {"of": "us"}, {"state": "open"})


def test_a_blob_that_is_not_there_can_not_be_leased(blob: BlobClient, clock: StillClock):
    assert LeasedBlob.acquire(blob, clock) is None


def test_what_one_worker_holds_another_can_not_take(written: BlobClient, clock: StillClock):
    _acquired(written, clock)
    with pytest.raises(HeldElsewhere):
        LeasedBlob.acquire(written, clock)


def test_a_blob_is_free_after_the_block(written: BlobClient, clock: StillClock):
    with _acquired(written, clock).kept():
        pass
    _acquired(written, clock)


def test_a_blob_is_free_after_an_error(written: BlobClient, clock: StillClock):
    with pytest.raises(ZeroDivisionError), _acquired(written, clock).kept():
        raise ZeroDivisionError
    _acquired(written, clock)


def test_a_lease_whose_answer_was_lost_is_found_to_be_ours(
    written: BlobClient, clock: StillClock, transport: _Transport
):
    transport.answers_to_lose = 1
    leased = _acquired(written, clock)
    assert leased.read() == b"first"
    _write(leased, b"second")


def test_each_write_follows_the_one_before(written: BlobClient, clock: StillClock):
    leased = _acquired(written, clock)
    assert leased.read() == b"first"
    for data in (b"second", b"third"):
        _write(leased, data)
        assert leased.read() == data
    properties = written.get_blob_properties()
    assert (properties.metadata, written.get_blob_tags()) == ({"of": "us"}, {"state": "open"})


def _by_somebody(blob: BlobClient) -> None:
    """Another worker takes the lease over and keeps it."""
    BlobLeaseClient(blob).break_lease(0)
    BlobLeaseClient(blob).acquire(60)


def _and_written(blob: BlobClient) -> None:
    """Another worker takes the lease over, writes and gives it free."""
    BlobLeaseClient(blob).break_lease(0)
    lease = BlobLeaseClient(blob)
    lease.acquire(60)
    blob.upload_blob(b"of somebody else", overwrite=True, lease=lease)
    lease.release()


def _by_nobody(blob: BlobClient) -> None:
    """The lease is gone, and nobody has another."""
    BlobLeaseClient(blob).break_lease(0)


@pytest.mark.parametrize("taken", [_by_somebody, _and_written, _by_nobody])
def test_a_worker_that_lost_its_lease_writes_nothing(
    written: BlobClient, clock: StillClock, taken: Callable[[BlobClient], None]
):
    leased = _acquired(written, clock)
    leased.read()
    taken(written)
    before = written.download_blob().readall()
    with pytest.raises(HeldElsewhere):
        _write(leased, b"second")
    assert written.download_blob().readall() == before


@pytest.mark.parametrize("taken", [_by_somebody, _and_written, _by_nobody])
def test_a_worker_that_lost_its_lease_reads_nothing(
    written: BlobClient, clock: StillClock, taken: Callable[[BlobClient], None]
):
    leased = _acquired(written, clock)
    taken(written)
    with pytest.raises(HeldElsewhere):
        leased.read()


def test_the_etag_alone_keeps_a_stale_write_out(written: BlobClient, clock: StillClock):
    leased = _acquired(written, clock)
    leased.read()
    written.upload_blob(b"of somebody else", overwrite=True, lease=leased._lease)
    with pytest.raises(HeldElsewhere):
        _write(leased, b"second")
    assert written.download_blob().readall() == b"of somebody else"


def test_a_blob_that_was_deleted_under_the_lease_is_not_written_again(written: BlobClient, clock: StillClock):
    leased = _acquired(written, clock)
    leased.read()
    written.delete_blob(lease=leased._lease)
    with pytest.raises(HeldElsewhere):
        _write(leased, b"second")
    assert not written.exists()


def test_once_lost_the_lease_stays_lost(written: BlobClient, clock: StillClock, transport: _Transport):
    leased = _acquired(written, clock)
    _by_nobody(written)
    with pytest.raises(HeldElsewhere):
        leased.read()
    sent = transport.sent
    for attempt in (leased.check, lambda: _write(leased, b"second")):
        with pytest.raises(HeldElsewhere):
            attempt()
    assert transport.sent == sent


def test_a_young_lease_is_good_without_asking(written: BlobClient, clock: StillClock, transport: _Transport):
    leased = _acquired(written, clock)
    sent = transport.sent
    clock.move(20)
    leased.check()
    assert transport.sent == sent


def test_an_older_lease_is_renewed(written: BlobClient, clock: StillClock, transport: _Transport):
    leased = _acquired(written, clock)
    sent = transport.sent
    for _ in range(5):
        clock.move(50)
        leased.check()
    assert transport.sent == sent + 5


def test_a_lease_that_was_taken_over_is_not_renewed(written: BlobClient, clock: StillClock):
    leased = _acquired(written, clock)
    _by_somebody(written)
    clock.move(21)
    with pytest.raises(HeldElsewhere):
        leased.check()


def test_a_lease_that_can_not_be_renewed_is_good_until_it_runs_out(
    written: BlobClient, clock: StillClock, transport: _Transport
):
    leased = _acquired(written, clock)
    transport.away = True
    clock.move(60)
    leased.check()
    clock.move(1)
    with pytest.raises(HeldElsewhere):
        leased.check()


def test_a_lease_that_can_not_be_released_is_left_to_run_out(
    written: BlobClient, clock: StillClock, transport: _Transport
):
    with _acquired(written, clock).kept():
        transport.away = True
    transport.away = False
    with pytest.raises(HeldElsewhere):
        LeasedBlob.acquire(written, clock)


def test_storage_that_is_away_is_not_another_worker(written: BlobClient, clock: StillClock, transport: _Transport):
    leased = _acquired(written, clock)
    leased.read()
    transport.away = True
    for attempt in (leased.read, lambda: _write(leased, b"second"), lambda: LeasedBlob.acquire(written, clock)):
        with pytest.raises(StorageAway):
            attempt()
    transport.away = False
    _write(leased, b"second")
