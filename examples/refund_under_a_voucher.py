"""Asks a voucher programme for its part of an order, refunds the order twice, and prints where the money goes.

It needs neither a server nor a database, and its output stands in docs/settlement.md:

    .venv/bin/python examples/refund_under_a_voucher.py

A software firm in Shanghai rents cards in Qingyang for 100,000 yuan. Its programme covers 30 %, at most 20,000 yuan an
order. Then 30,000 yuan are refunded, and then 20,000.
"""

from dataclasses import replace

from settlement.money import NOTHING, BasisPoints, Fen
from settlement.refunds import refund, returned, total
from settlement.statement import Line, statement_line
from settlement.terms import FeeBase, FeeTerms, TaxTerms, Terms
from settlement.vouchers import judge
from settlement.vouchers.judging import Application, Grant, Refused
from settlement.vouchers.parties import BuyerSize, Party
from settlement.vouchers.presets import SHANGHAI_COMPUTE
from settlement.vouchers.programme import ChipOrigin, ProductLine

LAB = Party("bay", "310118", BuyerSize.SMALL, "software", controllers=frozenset({"wang"}))
YARD = Party("sun", "621000", BuyerSize.LARGE, "computing", controllers=frozenset({"li"}))
PROGRAMME = replace(SHANGHAI_COMPUTE, per_order_cap=Fen(20_000_00))
ORDER = Application(
    buyer=LAB,
    seller=YARD,
    contract="2026-117",
    product=ProductLine.COMPUTE,
    origin=ChipOrigin.DOMESTIC,
    gross=Fen(100_000_00),
    at=1_790_000_000,
)
FEE = FeeTerms(BasisPoints(300), FeeBase.NET, BasisPoints(600))
FIGURES = (
    ("gross", "gross_fen"),
    ("net", "net_fen"),
    ("VAT in the price", "vat_fen"),
    ("fee", "fee_fen"),
    ("the buyer pays", "buyer_pays_fen"),
    ("the government pays", "government_pays_fen"),
    ("the seller, on the charge", "payout_on_charge_fen"),
    ("the seller, on the voucher", "payout_on_voucher_fen"),
    ("retained locally", "local_retained_fen"),
)


def main() -> None:
    """Judge, settle, refund, and print."""
    for word, asked in (
        ("bought from a stranger", ORDER),
        ("bought from its sister", replace(ORDER, seller=replace(LAB, id="sky"))),
    ):
        print(f"{word}: {answer(asked)}")
    grant = judge(PROGRAMME, ORDER)
    assert isinstance(grant, Grant)
    terms = Terms(BasisPoints(600), FEE, TaxTerms(), agreement=None, vouchers=(grant.voucher,))

    standing = statement_line(ORDER.gross, terms)
    columns = [standing]
    for amount in (Fen(30_000_00), Fen(20_000_00)):
        columns.append(refund(standing, amount, terms))
        standing = total([standing, columns[-1]])
    show([*columns, standing])

    gross = ORDER.gross
    print()
    for amount in (Fen(30_000_00), Fen(20_000_00)):
        back = returned(gross, amount, terms.vouchers)
        print(
            f"of {yuan(amount)} the buyer gets {yuan(back.to_buyer)}, the voucher {yuan(sum(back.to_vouchers))}"
        )
        gross = Fen(gross - amount)


def answer(asked: Application) -> str:
    """What the programme says."""
    match judge(PROGRAMME, asked):
        case Grant(amount=amount):
            return f"{yuan(amount)} yuan are covered"
        case Refused(refusals):
            return " ".join(f"{refusal.code}. {refusal.sentence}" for refusal in refusals)


def show(columns: list[Line]) -> None:
    """The line, what each refund takes of it, and what is left."""
    print()
    print(f"{'':<28}" + "".join(f"{word:>13}" for word in ("charged", "refunded", "refunded", "left")))
    for word, name in FIGURES:
        print(f"{word:<28}" + "".join(f"{yuan(getattr(line, name)):>13}" for line in columns))


def yuan(fen: int) -> str:
    """An amount in yuan."""
    sign = "-" if fen < NOTHING else ""
    return f"{sign}{abs(fen) // 100:,}.{abs(fen) % 100:02}"


if __name__ == "__main__":
    main()
