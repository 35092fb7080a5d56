"""What a live account has yet to confirm: the list on the page is that of the calls which the adapter makes."""

import ast
import re
from collections.abc import Iterator
from typing import get_args

import pytest

from settlement.gateways.fake_stripe import acts
from settlement.gateways.fake_stripe.fake import FakeStripe, Fault
from settlement.gateways.fake_stripe.objects import PaymentIntent
from settlement.gateways.fake_stripe.routes import ROUTES
from settlement.gateways.gateway import Onboarding
from settlement.money import Fen
from settlement.payments import (
    Authorise,
    BankTransfer,
    Capture,
    Instruction,
    MovementState,
    OpenAccount,
    Refund,
    Reversal,
    TopUp,
    Transfer,
    planned,
)
from settlement.reconciliation import DifferenceKind
from tests.paths import PROJECT
from tests.settlement.money_desk import NOON, Desk, run

ADAPTER = PROJECT / "settlement/gateways/stripe_gateway.py"
PAGE = (PROJECT / "docs/payments.md").read_text()


def table(heading: str) -> list[str]:
    """The first column of the table under a heading."""
    section = PAGE.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    return re.findall(r"^\| `([\w.]+)`", section, re.MULTILINE)


def calls() -> Iterator[str]:
    """Every call of the library's API, such as `refunds.create`."""
    for node in ast.walk(ast.parse(ADAPTER.read_text())):
        if isinstance(node, ast.Attribute) and node.attr.endswith("_async"):
            name = ast.unparse(node)
            if name.startswith("self._api."):
                yield name.removeprefix("self._api.").removesuffix("_async")


def test_the_page_lists_every_call_and_no_other() -> None:
    listed = table("What a live account has yet to confirm")
    assert len(listed) == len(set(listed))
    assert set(listed) == set(calls())


def test_the_adapter_makes_no_call_that_this_test_cannot_see() -> None:
    text = ADAPTER.read_text()
    assert len(re.findall(r"self\._api\b", text)) == len(list(calls())) + 1, (
        "the other one is where it is set"
    )


@pytest.mark.parametrize("call", sorted(set(calls())))
def test_the_fake_answers_every_call(call: str) -> None:
    *nouns, verb = call.split(".")
    noun = "/{id}/".join(nouns)
    path = f"/v1/{noun}" + {"retrieve": "/{id}", "capture": "/{id}/capture"}.get(verb, "")
    method = "GET" if verb in {"list", "retrieve"} else "POST"
    asked = path.replace("{id}", "x_1")
    assert [route for route in ROUTES if route.method == method and route.path.match(asked)], call


def test_every_instruction_is_carried_out_with_parameters_that_the_library_describes() -> None:
    desk = Desk()
    asked: list[Instruction] = [
        TopUp("ann-lab", Fen(100)),
        Authorise("ann-lab", Fen(100)),
        Capture("ann-lab", desk.set_aside(100), Fen(90)),
        Refund("ann-lab", desk.payment, Fen(10)),
        OpenAccount("bay", "CN"),
        Transfer("dunhuang", desk.seller, Fen(50)),
    ]
    done = [run(desk.gateway.carry_out(planned(f"plan-{n}", one)[0])) for n, one in enumerate(asked)]
    transfer = getattr(done[-1], "reference", "")
    done.append(run(desk.gateway.carry_out(planned("back", Reversal("dunhuang", transfer, Fen(5)))[0])))
    of_a_bank = {BankTransfer}
    assert {type(one) for one in asked} | {Reversal} | of_a_bank == set(get_args(Instruction))
    assert {type(one).__name__ for one in done} <= {"Succeeded", "Pending"}, done


def test_a_link_leads_a_seller_to_its_page_and_back_to_ours() -> None:
    desk = Desk()
    gateway: Onboarding = desk.gateway
    link = run(gateway.onboarding_link(desk.seller, "https://venue.example/sold"))
    assert link is not None
    assert desk.seller in link
    assert run(gateway.onboarding_link("acct_nobody", "https://venue.example/sold")) is None
    assert "return_url=https%3A%2F%2Fvenue.example%2Fsold" in desk.fake.requests[-1].body


@pytest.mark.parametrize("what", [TopUp, Authorise])
@pytest.mark.parametrize("is_paid", [False, True])
def test_what_was_lost_is_found_by_our_id(what: type[TopUp | Authorise], is_paid: bool) -> None:
    desk = Desk()
    asked = planned("lost", what("ann-lab", Fen(100)))[0].sent(NOON)
    assert run(desk.gateway.look_up(asked)) is None
    desk.fake.faults.append(Fault.LOST_REPLY)
    run(desk.gateway.carry_out(asked))
    intent = intents(desk.fake)[0]
    if is_paid:
        acts.pay(desk.fake.books, intent.id)
    found = run(desk.gateway.look_up(asked))
    assert getattr(found, "reference", None) == intent.id
    assert type(found).__name__ == ("Succeeded" if is_paid else "Pending")


def intents(fake: FakeStripe) -> list[PaymentIntent]:
    return fake.books.all(PaymentIntent)


@pytest.mark.parametrize(
    ("heading", "kinds"),
    [("The life of a movement", MovementState), ("Reconciliation", DifferenceKind)],
)
def test_the_page_tells_every_state_and_every_difference(
    heading: str, kinds: type[MovementState | DifferenceKind]
) -> None:
    assert table(heading) == [str(kind) for kind in kinds]
