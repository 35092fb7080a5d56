"""The laws of metering: an honest meter is never disputed, whatever becomes of its batches; every other thing is found."""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from random import Random

from hypothesis import strategies as st

from settlement.metering.chain import GENESIS, Batch, Chained, Link, Reading, chained, signed_bytes
from settlement.metering.judging import DOUBTED, Clock, Finding, Judged, Known, Passed, Subject, judge
from settlement.meters import Meter
from tests.settlement.law import law

HOUR = 3600
NOW = 100 * HOUR
CLOCK = Clock(NOW, HOUR, HOUR)
SOLD = {"lse-1": Subject(0, NOW, 2 * HOUR), "lse-2": Subject(50 * HOUR, 200 * HOUR, 8 * HOUR)}

seeds = st.integers(0, 2**32)


@dataclass
class Book:
    """What a venue knows of a meter, kept as simply as can be; `signed` are the bytes that its key has signed."""

    begins: int = 1
    chain: dict[int, Chained] = field(default_factory=dict)
    gaps: list[range] = field(default_factory=list)
    signed: set[bytes] = field(default_factory=set)

    def hear(self, batch: Batch) -> Judged:
        known = Known(self.begins, max(self.chain, default=self.begins - 1), dict(self.chain))
        signed = signed_bytes(chained(batch)[-1].link) in self.signed
        judged = judge(batch, known, SOLD, CLOCK, signed=signed)
        for reading, place, verdict in zip(batch.readings, judged.places, judged.verdicts, strict=True):
            if verdict not in DOUBTED:
                self.chain[reading.number] = place
        self.gaps += [judged.gap] if judged.gap else []
        return judged

    @property
    def open_gaps(self) -> list[range]:
        return [gap for gap in self.gaps if any(number not in self.chain for number in gap)]


def readings(chance: Random, most: int = 24, begins: int = 1) -> list[Reading]:
    """Readings that nothing is wrong with."""
    made = []
    for number in range(begins, begins + chance.randint(2, most)):
        subject = chance.choice(["lse-1", "lse-2"])
        at = HOUR * chance.randint(50, 99)
        count = chance.randint(0, SOLD[subject].most or 0)
        made.append(Reading(number, subject, at, ((Meter.CARD_SECONDS, count),)))
    return made


def cut(chance: Random, whole: Sequence[Reading], places: Sequence[Chained]) -> Iterator[Batch]:
    """Batches of all readings, cut somewhere."""
    start = 0
    while start < len(whole):
        end = chance.randint(start + 1, len(whole))
        yield batch_of(whole[start:end], places[start].previous)
        start = end


def batch_of(some: Sequence[Reading], previous: Link) -> Batch:
    return Batch("sun", "m", previous, tuple(some))


def whole_of(chance: Random) -> tuple[list[Reading], list[Chained]]:
    said = readings(chance)
    return said, chained(batch_of(said, GENESIS))


def sign(book: Book, batches: Iterable[Batch]) -> None:
    book.signed |= {signed_bytes(chained(batch)[-1].link) for batch in batches}


@law(seeds)
def honest_batches_in_any_order_and_number_end_without_a_dispute(seed: int) -> None:
    chance = Random(seed)
    said, places = whole_of(chance)
    sent = [batch for _ in range(chance.randint(1, 3)) for batch in cut(chance, said, places)]
    chance.shuffle(sent)
    book, found = Book(), set()
    sign(book, sent)
    for batch in sent:
        found |= set(book.hear(batch).verdicts)
    assert found <= {Passed.NEW, Passed.KNOWN}
    assert book.open_gaps == []
    assert book.chain == {reading.number: place for reading, place in zip(said, places, strict=True)}


@law(seeds)
def a_link_is_over_the_link_before_and_every_part_of_the_reading(seed: int) -> None:
    said, places = whole_of(Random(seed))
    previous = bytes(32)
    for reading, place in zip(said, places, strict=True):
        text = f"suanli reading 1\nsun\nm\n{reading.number}\n{reading.subject}\n{reading.at}"
        text += "".join(f"\n{kind} {count}" for kind, count in reading.counts)
        link = hashlib.sha256(previous + text.encode()).digest()
        assert place == Chained(Link(previous), Link(link))
        previous = link


def tampered(chance: Random, batch: Batch) -> Batch:
    """A batch that is not what its seller has signed."""
    some, n = list(batch.readings), chance.randrange(len(batch.readings))
    one = some[n]
    changed = {
        "count": replace(one, counts=((Meter.CARD_SECONDS, one.counts[0][1] + 1),)),
        "kind": replace(one, counts=((Meter.INPUT_TOKENS, one.counts[0][1]),)),
        "subject": replace(one, subject="lse-2" if one.subject == "lse-1" else "lse-1"),
        "time": replace(one, at=one.at - HOUR),
    }
    how = chance.choice([*changed, "seller", "meter", "previous", "shifted", "shortened"])
    if how in changed:
        some[n] = changed[how]
    elif how == "shifted":
        some = [replace(reading, number=reading.number + 1) for reading in some]
    elif how == "shortened" and len(some) > 1:
        some.pop()
    elif how == "previous":
        return replace(batch, previous=Link(bytes([batch.previous[0] ^ 1]) + batch.previous[1:]))
    else:
        return replace(batch, seller="moon") if how == "seller" else replace(batch, meter="other")
    return replace(batch, readings=tuple(some))


@law(seeds)
def whatever_is_changed_on_the_way_is_found_and_does_no_harm(seed: int) -> None:
    chance = Random(seed)
    said, places = whole_of(chance)
    sent = list(cut(chance, said, places))
    book = Book()
    sign(book, sent)
    for batch in sent:
        if chance.random() < 0.5:
            found = book.hear(tampered(chance, batch))
            assert set(found.verdicts) == {Finding.BAD_SIGNATURE}
            assert not found.gap
        assert set(book.hear(batch).verdicts) == {Passed.NEW}


@law(seeds)
def a_seller_that_says_something_else_later_is_found(seed: int) -> None:
    """With its own key: a known number is altered, what follows it is broken, and what stands is not touched."""
    chance = Random(seed)
    said, places = whole_of(chance)
    until = chance.randint(1, len(said) - 1)
    book = Book()
    true, rest = batch_of(said[:until], GENESIS), batch_of(said[until:], places[until].previous)
    n = chance.randrange(until)
    other = replace(said[n], counts=((Meter.CARD_SECONDS, said[n].counts[0][1] + 1),))
    lied = batch_of([other, *said[n + 1 :]], places[n].previous)
    sign(book, [true, rest, lied])
    book.hear(true)
    found = book.hear(lied).verdicts
    assert set(found[: until - n]) == {Finding.ALTERED}
    assert set(found[until - n :]) == {Finding.BROKEN_CHAIN}
    assert set(book.hear(rest).verdicts) == {Passed.NEW}


@law(seeds)
def a_batch_that_fits_only_on_one_side_is_found(seed: int) -> None:
    chance = Random(seed)
    said = readings(chance, 12)
    places = chained(batch_of(said, GENESIS))
    n = chance.randrange(len(said))
    fork = Link(hashlib.sha256(b"fork").digest())
    before, after = batch_of(said[:n], GENESIS), batch_of(said[n + 1 :], places[n].link)
    loose_before = batch_of([said[n]], fork)
    loose_after = batch_of(
        [replace(said[n], counts=((Meter.CARD_SECONDS, 1 + said[n].counts[0][1]),))], places[n].previous
    )
    book = Book()
    honest = [batch for batch in (after, before) if batch.readings]
    sign(book, [*honest, loose_before, loose_after])
    for batch in honest:
        book.hear(batch)
    # The first number is tied to the beginning, and all others to the one before, as far as that is known.
    assert book.hear(loose_before).verdicts == (Finding.BROKEN_CHAIN,)
    if after.readings:
        assert book.hear(loose_after).verdicts == (Finding.BROKEN_CHAIN,)


@law(seeds)
def numbers_that_are_left_out_are_told_to_the_last(seed: int) -> None:
    chance = Random(seed)
    said, places = whole_of(chance)
    sent = list(cut(chance, said, places))
    book, lost = Book(), set[int]()
    sign(book, sent)
    for batch in sent:
        if chance.random() < 0.5:
            lost |= {reading.number for reading in batch.readings}
        else:
            book.hear(batch)
    head = max(book.chain, default=0)
    assert sorted(number for gap in book.gaps for number in gap) == sorted(n for n in lost if n < head)


@law(seeds)
def what_cannot_be_is_found_by_itself(seed: int) -> None:
    """Of a batch that its seller has signed only the readings that can't be are disputed, each for what it is."""
    chance = Random(seed)
    said, wanted = readings(chance), []
    for n, reading in enumerate(said):
        most = SOLD[reading.subject].most or 0
        wrong = {
            Finding.MORE_THAN_LEASED: replace(reading, counts=((Meter.CARD_SECONDS, most + 1),)),
            Finding.OUTSIDE_TERM: replace(reading, subject="lse-2", at=50 * HOUR - 1),
            Finding.CLOCK_SKEW: replace(reading, subject="lse-2", at=NOW + 1),
            Passed.NEW: chance.choice([reading, replace(reading, subject="lse-2", at=NOW)]),
        }
        wanted.append(chance.choice([*wrong]))
        said[n] = wrong[wanted[-1]]
        if said[n].at == NOW:
            said[n] = replace(said[n], counts=((Meter.CARD_SECONDS, 0),))
    book, batch = Book(), batch_of(said, GENESIS)
    sign(book, [batch])
    assert book.hear(batch).verdicts == tuple(wanted)
    assert set(book.hear(batch).verdicts) == {Passed.KNOWN}, (
        "all of it is the meter's word, and part of its chain"
    )


LAWS = [
    honest_batches_in_any_order_and_number_end_without_a_dispute,
    a_link_is_over_the_link_before_and_every_part_of_the_reading,
    whatever_is_changed_on_the_way_is_found_and_does_no_harm,
    a_seller_that_says_something_else_later_is_found,
    a_batch_that_fits_only_on_one_side_is_found,
    numbers_that_are_left_out_are_told_to_the_last,
    what_cannot_be_is_found_by_itself,
]
