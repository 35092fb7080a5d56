"""Is usage as it came in, and was each record judged rightly?

Every batch is chained anew to the one before, and every record that is stored of it is judged anew. What is signed is
verified anew, link by link.
"""

import hashlib
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import msgspec

from exchange.checks.findings import Findings
from exchange.persistence.queries.metered import BatchRow, MomentRow, RecordRow
from exchange.persistence.queries.settled import RunRow
from exchange.signing import is_signed

GENESIS = bytes(32)
TOKENS = ("input_tokens", "cached_input_tokens", "output_tokens")


@dataclass(slots=True)
class Usage:
    """Follows usage batch by batch. `history` is how the clock and the late window changed, from the log."""

    slot_seconds: int
    history: Sequence[MomentRow] = ()
    findings: Findings = field(
        default_factory=lambda: Findings(
            "usage", "batches are chained as they came in, and each record was judged by its time and subject"
        )
    )
    _last: int = 0
    _digest: bytes = GENESIS

    def see(self, batch: BatchRow) -> None:
        """The next batch with its records."""
        self.findings.examined += 1 + len(batch.records)
        self.findings.compare(f"the batch after {self._last}", self._last + 1, batch.id)
        self.findings.compare(
            f"digest of batch {batch.id}", _digest_after(self._digest, batch).hex(), batch.digest.hex()
        )
        # What follows is chained to what is stored, so that one changed batch is told once.
        self._last, self._digest = batch.id, batch.digest
        self._count(batch)
        self._check_seal(batch)
        moment = self.history[bisect_right(self.history, batch.seq, key=lambda moment: moment.seq) - 1]
        self.findings.compare(f"clock of batch {batch.id}", moment.now, batch.now)
        for record in batch.records:
            expected = self._verdict(batch, record, moment)
            self.findings.compare(f"record {record.name} of batch {batch.id}", expected, record.status)

    def end(self, strays: Iterable[str], runs: Sequence[RunRow]) -> None:
        """All batches are seen; `strays` are records of no batch. No run can settle a batch that there is not."""
        for stray in strays:
            self.findings.tell(f"record {stray}: its batch is missing")
        for run in runs:
            if (run.usage_batch or 0) > self._last:
                self.findings.tell(f"{run.id} settles batch {run.usage_batch}, but {self._last} is the last")

    def _count(self, batch: BatchRow) -> None:
        """A record for each that was accepted; what was too late may have been known already, and is kept once."""
        told = Counter(batch.verdicts)
        kept = Counter(record.status for record in batch.records)
        self.findings.compare(f"accepted in batch {batch.id}", told["accepted"], kept["accepted"])
        if kept["too_late"] > told["too_late"]:
            self.findings.compare(f"too late in batch {batch.id}", told["too_late"], kept["too_late"])

    def _check_seal(self, batch: BatchRow) -> None:
        """Is the meter's chain what its records say, and did the meter's key sign what was not found unsigned?"""
        seal = batch.seal
        if seal is None:
            return
        chain = {number: (previous, link) for number, previous, link in seal.chain}
        for record in batch.records:
            number = int(record.values[1])
            if number in chain:
                previous, link = chain[number]
                self.findings.compare(
                    f"link of {record.name}", link_after(previous, record, batch.kind).hex(), link.hex()
                )
        for number, previous, _ in seal.chain:
            if number - 1 in chain:
                self.findings.compare(
                    f"chain of batch {batch.id} at {number}", chain[number - 1][1], previous
                )
        unsigned = any(dispute.finding == "bad_signature" for dispute in seal.disputed)
        signed = seal.public_key is not None and is_signed(
            seal.public_key, b"suanli batch 1\n" + seal.last, seal.signature
        )
        if signed == unsigned or (seal.chain and not signed):
            self.findings.tell(f"batch {batch.id}: what was found of its signature is not so")

    def _verdict(self, batch: BatchRow, record: RecordRow, moment: MomentRow) -> str:
        """What a record's verdict should have been, by what the log says of that moment."""
        subject, now = record.subject, moment.now * self.slot_seconds
        if subject is None or {subject.seller, record.party} != {batch.party}:
            return "unknown_subject"
        if not subject.begins <= record.begins < subject.ends:
            return "outside_term"
        if record.over > now:
            return "not_over"
        if subject.most is not None and record.amount > subject.most:
            return "more_than_leased"
        if batch.kind == "decisions":
            return "accepted"  # what a decision bills came in time, and was disputed
        return "too_late" if record.late_from + moment.late_seconds <= now else "accepted"


def _digest_after(digest: bytes, batch: BatchRow) -> bytes:
    """SHA-256 of the digest before and of everything that is stored of a batch, its records by meter and number."""
    head = (
        batch.id,
        batch.kind,
        batch.party,
        batch.key,
        batch.content,
        batch.verdicts,
        batch.seq,
        batch.now,
    )
    kept: object = sorted(record.values for record in batch.records)
    if batch.seal is not None:
        seal = batch.seal
        told = (seal.meter, seal.previous, seal.last, seal.signature, seal.public_key)
        disputed = [(*dispute.head, dispute.records) for dispute in seal.disputed]
        kept = {"records": kept, "seal": told, "chain": seal.chain, "disputed": disputed}
    return hashlib.sha256(digest + msgspec.json.encode((*head, kept))).digest()


def link_after(previous: bytes, record: RecordRow, kind: str) -> bytes:
    """SHA-256 of the link before and of a record as its meter wrote it down, a line for each part."""
    meter, number, subject, _, *counts, _ = record.values
    counted = ("card_seconds",) if kind == "deliveries" else TOKENS
    lines = [record.party, meter, number, subject, record.begins]
    lines += [f"{name} {count}" for name, count in zip(counted, counts, strict=True)]
    text = "\n".join(["suanli reading 1", *map(str, lines)])
    return hashlib.sha256(previous + text.encode()).digest()
