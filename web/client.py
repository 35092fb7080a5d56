"""A client for programs, the command line among them: it returns the API's own types, and raises its problems.

    async with Client("http://127.0.0.1:8000", token) as venue:
        placed = await venue.place_order({"tier": "on_demand", ...}, key="job-7")

What it sends is what the API's document says, and what it returns are the API's own types. Sending the same request
again with the same key is always safe, and is what to do after a time-out.
"""

from types import TracebackType
from typing import Any, Self, TypeVar

import httpx

from web.bodies.agreements import AgreementOut
from web.bodies.commands import CommandOut, HealthOut
from web.bodies.common import Page
from web.bodies.contracts import ContractOut
from web.bodies.disputes import ChainLinkOut, DisputeDetail, DisputeOut, MeterOut
from web.bodies.index import IndexInputsOut, IndexOut
from web.bodies.leases import LeaseOut
from web.bodies.links import LinkOut
from web.bodies.listings import ListingOut
from web.bodies.market import BarOut, ChipOut, DepthOut, InstrumentOut, RegionOut, StandardDepthOut, TradeOut
from web.bodies.orders import OrderOut
from web.bodies.parties import BalanceOut, DepositOut, KeyOut, PartyOut
from web.bodies.payments import BankStatementOut, PaymentFileOut, TopUpOut
from web.bodies.payouts import BegunOut, PayoutOut, PayoutPlanOut, ReconciliationOut, ReconciliationPlanOut
from web.bodies.periods import ClosePlanOut, CloseReportOut, PeriodOut
from web.bodies.power import DeclarationsOut, PowerTablesOut, VersionOut
from web.bodies.quarters import QuarterOut
from web.bodies.quotes import QuoteOut
from web.bodies.refunds import RefundOut
from web.bodies.statements import StatementDetail, StatementOut
from web.bodies.subsidies import SubsidyOut
from web.bodies.terms import TermsOut
from web.bodies.usage import ReceiptOut
from web.bodies.vouchers import FactsOut, MisuseOut, ProgrammeOut, ReportOut, VoucherOut
from web.documents.evidence import EvidenceOut
from web.wire import new_command_id, part, parts, quarter_at, read, refuse

T = TypeVar("T")
Json = dict[str, Any]

SECONDS = 30.0  # for an ordinary answer
CLOSE_SECONDS = 3600.0  # closing a month of a large venue takes its time


class Client:
    """Speaks to a venue in the name of one key. Raises `ProblemError`, or what httpx raises where nobody answers."""

    def __init__(
        self, base_url: str, token: str = "", transport: httpx.AsyncBaseTransport | None = None
    ) -> None:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._http = httpx.AsyncClient(
            base_url=base_url, headers=headers, timeout=SECONDS, transport=transport
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._http.aclose()

    async def health(self) -> HealthOut:
        """How the venue is."""
        return await self._get("/v1/health", HealthOut)

    async def command(self, key: str) -> CommandOut:
        """What came of the request with this key."""
        return await self._get(f"/v1/commands/{part(key)}", CommandOut)

    async def terms(self) -> TermsOut:
        """The terms of the house, and the venue's time."""
        return await self._get("/v1/terms", TermsOut)

    async def adopt_terms(self, terms: Json, key: str = "") -> TermsOut:
        """Change the terms of the house, as the clerk."""
        return await self._change("POST", "/v1/terms", TermsOut, key, terms)

    async def create_party(self, party: Json, key: str = "") -> PartyOut:
        """Admit a party, as the clerk."""
        return await self._change("POST", "/v1/parties", PartyOut, key, party)

    async def parties(self, limit: int = 50, cursor: str | None = None) -> Page[PartyOut]:
        """Every party, as the clerk, a page at a time."""
        return await self._get("/v1/parties", Page[PartyOut], limit=limit, cursor=cursor)

    async def issue_key(self, party: str, key: str = "") -> KeyOut:
        """Issue a key for a party, as the clerk. Its token is in this answer alone."""
        return await self._change("POST", f"/v1/parties/{part(party)}/keys", KeyOut, key)

    async def revoke_key(self, party: str, name: str, key: str = "") -> None:
        """End a party's key, as the clerk."""
        path = f"/v1/parties/{part(party)}/keys/{part(name)}"
        refuse(await self._http.delete(path, headers={"Idempotency-Key": key or new_command_id()}))

    async def deposit(self, party: str, amount_fen: int, reference: str, key: str = "") -> DepositOut:
        """Book what a party has paid in, as the clerk."""
        body = {"party": party, "amount_fen": amount_fen, "reference": reference}
        return await self._change("POST", "/v1/deposits", DepositOut, key, body)

    async def declare_facts(self, party: str, facts: Json, key: str = "") -> FactsOut:
        """Put on record what a party has shown of itself, as the clerk."""
        return await self._change("POST", f"/v1/parties/{part(party)}/facts", FactsOut, key, facts)

    async def adopt_programme(self, programme: Json, key: str = "") -> ProgrammeOut:
        """Adopt a programme of your region, as its office."""
        return await self._change("POST", "/v1/programmes", ProgrammeOut, key, programme)

    async def programmes(self) -> list[ProgrammeOut]:
        """Every version of every region's programmes, the newest first."""
        return await self._get("/v1/programmes", list[ProgrammeOut])

    async def issue_voucher(self, programme: str, voucher: Json, key: str = "") -> VoucherOut:
        """Give a buyer a voucher, as the office that has the programme."""
        path = f"/v1/programmes/{part(programme)}/vouchers"
        return await self._change("POST", path, VoucherOut, key, voucher)

    async def claim_voucher(self, programme: str, key: str = "") -> VoucherOut:
        """Claim what a programme has for every eligible buyer."""
        return await self._change("POST", f"/v1/programmes/{part(programme)}/claims", VoucherOut, key)

    async def programme_report(self, programme: str, period: str | None = None) -> ReportOut:
        """What became of a programme, in all or in a month, as its office or the clerk."""
        return await self._get(f"/v1/programmes/{part(programme)}/report", ReportOut, period=period)

    async def book_subsidy(self, programme: str, payment: Json, key: str = "") -> SubsidyOut:
        """Book what a region has paid for vouchers of a programme, as the clerk."""
        path = f"/v1/programmes/{part(programme)}/payments"
        return await self._change("POST", path, SubsidyOut, key, payment)

    async def repay_subsidy(self, programme: str, repayment: Json, key: str = "") -> SubsidyOut:
        """Book that a region has back what it had paid too much for a programme, as the clerk."""
        path = f"/v1/programmes/{part(programme)}/repayments"
        return await self._change("POST", path, SubsidyOut, key, repayment)

    async def vouchers(self, limit: int = 50, cursor: str | None = None) -> Page[VoucherOut]:
        """Your vouchers, a page at a time."""
        return await self._get("/v1/vouchers", Page[VoucherOut], limit=limit, cursor=cursor)

    async def evidence(self, statement: str) -> EvidenceOut:
        """All that stands behind the use of vouchers in a statement."""
        return await self._get(f"/v1/evidence/{parts(statement)}", EvidenceOut)

    async def misuse(self) -> list[MisuseOut]:
        """What vouchers were used for and must not be, as an office or the clerk."""
        return await self._get("/v1/voucher-misuse", list[MisuseOut])

    async def top_up(self, amount_fen: int, key: str = "") -> TopUpOut:
        """Pay money in, or with a key that was sent before: hear how that stands."""
        return await self._change("POST", "/v1/topups", TopUpOut, key, {"amount_fen": amount_fen})

    async def bank_statement(self, csv: str, key: str = "") -> BankStatementOut:
        """Take in a statement of the venue's bank, as the clerk."""
        return await self._change("POST", "/v1/bank-statements", BankStatementOut, key, {"csv": csv})

    async def plan_payouts(self) -> PayoutPlanOut:
        """What sellers are owed, and what could be paid now, as the clerk."""
        return await self._get("/v1/payouts/plan", PayoutPlanOut)

    async def begin_payouts(self, payouts: list[Json], key: str = "") -> BegunOut:
        """Pay sellers, as the clerk: exactly these amounts, or nothing."""
        return await self._change("POST", "/v1/payouts", BegunOut, key, {"payouts": payouts})

    async def withdraw(self, amount_fen: int, account: str | None = None, key: str = "") -> BegunOut:
        """Take back of your balance what nothing holds, as a buyer."""
        body = {"amount_fen": amount_fen, "account": account}
        return await self._change("POST", "/v1/withdrawals", BegunOut, key, body)

    async def withdrawals(self, limit: int = 50, cursor: str | None = None) -> Page[PayoutOut]:
        """What you have taken back of your balance, a page at a time."""
        return await self._get("/v1/withdrawals", Page[PayoutOut], limit=limit, cursor=cursor)

    async def payouts(self, limit: int = 50, cursor: str | None = None) -> Page[PayoutOut]:
        """Payouts to you, or to every seller for the clerk, a page at a time."""
        return await self._get("/v1/payouts", Page[PayoutOut], limit=limit, cursor=cursor)

    async def plan_reconciliation(self) -> ReconciliationPlanOut:
        """What there is to compare with the gateway's books, as the clerk."""
        return await self._get("/v1/reconciliations/plan", ReconciliationPlanOut)

    async def reconcile(self) -> ReconciliationOut:
        """Set the gateway's books beside ours, as the clerk."""
        return read(await self._http.post("/v1/reconciliations", timeout=CLOSE_SECONDS), ReconciliationOut)

    async def refund(self, refund: Json, key: str = "") -> RefundOut:
        """Give back a part of a settled line, as the clerk or its seller."""
        return await self._change("POST", "/v1/refunds", RefundOut, key, refund)

    async def refunds(self, limit: int = 50, cursor: str | None = None) -> Page[RefundOut]:
        """The refunds that concern you, a page at a time."""
        return await self._get("/v1/refunds", Page[RefundOut], limit=limit, cursor=cursor)

    async def make_payment_file(self, key: str = "") -> PaymentFileOut:
        """Put every payment that the bank has yet to be told into a file, as the clerk."""
        return await self._change("POST", "/v1/payment-files", PaymentFileOut, key)

    async def payment_file(self, number: int) -> PaymentFileOut:
        """A file for the bank as it was made, as the clerk."""
        return await self._get(f"/v1/payment-files/{number}", PaymentFileOut)

    async def agreements(self) -> list[AgreementOut]:
        """Every version of the agreements of your region, or for the clerk of all."""
        return await self._get("/v1/agreements", list[AgreementOut])

    async def propose_agreement(self, agreement: Json, key: str = "") -> AgreementOut:
        """Put a version before its regions."""
        return await self._change("POST", "/v1/agreements", AgreementOut, key, agreement)

    async def sign_agreement(self, agreement: str, version: int, digest: str, key: str = "") -> AgreementOut:
        """Sign a version for your region, by the digest of its canonical terms."""
        return await self._about(agreement, version, "sign", key, {"digest": digest})

    async def decline_agreement(
        self, agreement: str, version: int, reason: str, key: str = ""
    ) -> AgreementOut:
        """Refuse a version for your region."""
        return await self._about(agreement, version, "decline", key, {"reason": reason})

    async def withdraw_agreement(self, agreement: str, version: int, key: str = "") -> AgreementOut:
        """Take back a version that you have proposed."""
        return await self._about(agreement, version, "withdraw", key)

    async def quarter(self, source: str, destination: str, quarter: str) -> QuarterOut:
        """A pair's quarter: computed, agreed and recognised."""
        return await self._get(quarter_at(source, destination, quarter), QuarterOut)

    async def confirm_quarter(
        self, source: str, destination: str, quarter: str, figures: list[Json], digest: str, key: str = ""
    ) -> QuarterOut:
        """Agree to a quarter's figures for your region."""
        path, body = quarter_at(source, destination, quarter), {"figures": figures, "digest": digest}
        return await self._change("POST", f"{path}/confirm", QuarterOut, key, body)

    async def dispute_quarter(
        self, source: str, destination: str, quarter: str, reason: str, key: str = ""
    ) -> QuarterOut:
        """Say that your region does not agree to a quarter's figures, and why."""
        path = quarter_at(source, destination, quarter)
        return await self._change("POST", f"{path}/dispute", QuarterOut, key, {"reason": reason})

    async def recognise_amount(
        self, source: str, destination: str, quarter: str, amount: Json, key: str = ""
    ) -> QuarterOut:
        """Record what a document recognises of a quarter."""
        path = quarter_at(source, destination, quarter)
        return await self._change("POST", f"{path}/recognise", QuarterOut, key, amount)

    async def contracts(self, limit: int = 50, cursor: str | None = None) -> Page[ContractOut]:
        """Your token contracts, or as the clerk everybody's, a page at a time."""
        return await self._get("/v1/contracts", Page[ContractOut], limit=limit, cursor=cursor)

    async def open_contract(self, contract: Json, key: str = "") -> ContractOut:
        """Put a token contract in force, as the clerk."""
        return await self._change("POST", "/v1/contracts", ContractOut, key, contract)

    async def agree_prices(self, contract: str, prices: Json, key: str = "") -> ContractOut:
        """Let other prices of a contract begin, as the clerk."""
        path = f"/v1/contracts/{part(contract)}/prices"
        return await self._change("POST", path, ContractOut, key, prices)

    async def add_package(self, contract: str, package: Json, key: str = "") -> ContractOut:
        """Add a package of tokens to a contract, as the clerk."""
        path = f"/v1/contracts/{part(contract)}/packages"
        return await self._change("POST", path, ContractOut, key, package)

    async def power_versions(self) -> list[VersionOut]:
        """The versions of the tables of power and carbon, the one in force first."""
        return await self._get("/v1/power/tables", list[VersionOut])

    async def adopt_power_tables(self, version: str, key: str = "") -> PowerTablesOut:
        """Adopt the venue's tables of reference under a name, as the clerk."""
        return await self._change("POST", "/v1/power/tables", PowerTablesOut, key, {"version": version})

    async def declarations(self) -> DeclarationsOut:
        """What you have declared of your facilities, or as the clerk what all sellers have."""
        return await self._get("/v1/power/declarations", DeclarationsOut)

    async def declare_pue(
        self, region: str, period: str, pue_milli: int, reference: str, key: str = ""
    ) -> DeclarationsOut:
        """Declare the PUE of your facilities in a region, from a month on."""
        body = {"region": region, "period": period, "pue_milli": pue_milli, "reference": reference}
        return await self._change("POST", "/v1/power/pue", DeclarationsOut, key, body)

    async def declare_certificates(
        self, region: str, period: str, kwh: int, reference: str, key: str = ""
    ) -> DeclarationsOut:
        """Declare green certificates for what your facilities in a region take in a month."""
        body = {"region": region, "period": period, "kwh": kwh, "reference": reference}
        return await self._change("POST", "/v1/power/certificates", DeclarationsOut, key, body)

    async def periods(self) -> list[PeriodOut]:
        """Every period that is being closed or is closed, the latest first."""
        return await self._get("/v1/periods", list[PeriodOut])

    async def plan_close(self, period: str) -> ClosePlanOut:
        """What closing a month would settle now, as the clerk."""
        return await self._get(f"/v1/periods/{part(period)}/plan", ClosePlanOut)

    async def close_period(self, period: str) -> CloseReportOut:
        """Close a month, as the clerk, and wait until it is done."""
        answer = await self._http.post(f"/v1/periods/{part(period)}/close", timeout=CLOSE_SECONDS)
        return read(answer, CloseReportOut)

    async def balance(self) -> BalanceOut:
        """What is owed to the party of this key."""
        return await self._get("/v1/balance", BalanceOut)

    async def chips(self) -> list[ChipOut]:
        """The chips that are traded."""
        return await self._get("/v1/chips", list[ChipOut])

    async def regions(self) -> list[RegionOut]:
        """The places where work is wanted and where it runs."""
        return await self._get("/v1/regions", list[RegionOut])

    async def instruments(self) -> list[InstrumentOut]:
        """Every instrument on offer."""
        return await self._get("/v1/instruments", list[InstrumentOut])

    async def depth(self, instrument: str, start: str | None = None, end: str | None = None) -> DepthOut:
        """Cards to be had and wanted in a window, by price; usually the next hour."""
        return await self._get(f"/v1/instruments/{parts(instrument)}/depth", DepthOut, start=start, end=end)

    async def standard_depth(
        self, tier: str, region: str | None = None, start: str | None = None, end: str | None = None
    ) -> StandardDepthOut:
        """The depth of all chips together, in standard cards."""
        return await self._get(
            f"/v1/depth/{part(tier)}", StandardDepthOut, region=region, start=start, end=end
        )

    async def trades(
        self, limit: int = 50, cursor: str | None = None, **wanted: str | None
    ) -> Page[TradeOut]:
        """The tape, a page at a time: by `chip`, `region`, `tier`, and from `start` until before `end`."""
        return await self._get("/v1/trades", Page[TradeOut], limit=limit, cursor=cursor, **wanted)

    async def bars(
        self, instrument: str, length: str = "day", start: str | None = None, end: str | None = None
    ) -> list[BarOut]:
        """What was traded of an instrument in each hour, day or week."""
        path = f"/v1/instruments/{parts(instrument)}/bars"
        return await self._get(path, list[BarOut], length=length, start=start, end=end)

    async def index(self, day: str | None = None) -> IndexOut:
        """The price index of a day that is over, usually the last."""
        return await self._get("/v1/index", IndexOut, day=day)

    async def index_history(self, resource: str, day: str | None = None, days: int = 30) -> IndexOut:
        """The price index of one resource, day by day."""
        return await self._get(f"/v1/index/{parts(resource)}", IndexOut, day=day, days=days)

    async def index_inputs(self, resource: str, day: str) -> IndexInputsOut:
        """The rows that a value of the index was made of."""
        return await self._get(f"/v1/index/{parts(resource)}/{part(day)}/inputs", IndexInputsOut)

    async def publish_listing(self, listing: Json, key: str = "") -> ListingOut:
        """Put capacity on offer."""
        return await self._change("POST", "/v1/listings", ListingOut, key, listing)

    async def withdraw_listing(self, listing: str, key: str = "") -> ListingOut:
        """Offer no more of a listing."""
        return await self._change("DELETE", f"/v1/listings/{part(listing)}", ListingOut, key)

    async def reclaim_listing(self, listing: str, since: str, key: str = "") -> ListingOut:
        """Take a listing's cards back from an instant on: its spot leases end, after the notice."""
        path = f"/v1/listings/{part(listing)}/reclaim"
        return await self._change("POST", path, ListingOut, key, {"from": since})

    async def links(self) -> list[LinkOut]:
        """The bandwidth between regions."""
        return await self._get("/v1/links", list[LinkOut])

    async def set_link(self, home: str, region: str, mbps: int, key: str = "") -> LinkOut:
        """Say how much bandwidth a link has, as the clerk."""
        body = {"home": home, "region": region, "mbps": mbps}
        return await self._change("POST", "/v1/links", LinkOut, key, body)

    async def quote(self, order: Json) -> QuoteOut:
        """What an order would get now."""
        return read(await self._http.post("/v1/quotes", json=order), QuoteOut)

    async def place_order(self, order: Json, key: str = "") -> OrderOut:
        """Ask for capacity."""
        return await self._change("POST", "/v1/orders", OrderOut, key, order)

    async def amend_order(self, order: str, change: Json, key: str = "") -> OrderOut:
        """Change a resting order."""
        return await self._change("PATCH", f"/v1/orders/{part(order)}", OrderOut, key, change)

    async def cancel_order(self, order: str, key: str = "") -> OrderOut:
        """Take an order out of the books."""
        return await self._change("DELETE", f"/v1/orders/{part(order)}", OrderOut, key)

    async def orders(self, limit: int = 50, cursor: str | None = None) -> Page[OrderOut]:
        """Your orders, a page at a time."""
        return await self._get("/v1/orders", Page[OrderOut], limit=limit, cursor=cursor)

    async def leases(self, limit: int = 50, cursor: str | None = None) -> Page[LeaseOut]:
        """What you have bought or sold, a page at a time."""
        return await self._get("/v1/leases", Page[LeaseOut], limit=limit, cursor=cursor)

    async def statements(self, limit: int = 50, cursor: str | None = None) -> Page[StatementOut]:
        """The statements that concern you, a page at a time."""
        return await self._get("/v1/statements", Page[StatementOut], limit=limit, cursor=cursor)

    async def statement(self, statement: str) -> StatementDetail:
        """One statement with its lines."""
        return await self._get(f"/v1/statements/{parts(statement)}", StatementDetail)

    async def report_deliveries(
        self, records: list[Json], key: str = "", seal: Json | None = None
    ) -> ReceiptOut:
        """Report delivered card-seconds, slot by slot: at most 10,000 records, of one meter where they are signed."""
        body = {"records": records, "seal": seal}
        return await self._change("POST", "/v1/usage/deliveries", ReceiptOut, key, body)

    async def report_tokens(self, records: list[Json], key: str = "", seal: Json | None = None) -> ReceiptOut:
        """Report used tokens: at most 10,000 records, of one meter where they are signed."""
        body = {"records": records, "seal": seal}
        return await self._change("POST", "/v1/usage/tokens", ReceiptOut, key, body)

    async def register_meter(self, meter: str, public_key: str, since: int = 1, key: str = "") -> MeterOut:
        """Let a public key sign for a meter of yours, from a number on."""
        body = {"meter": meter, "public_key": public_key, "since": since}
        return await self._change("POST", "/v1/meters", MeterOut, key, body)

    async def meters(self) -> list[MeterOut]:
        """Your meters that sign."""
        return await self._get("/v1/meters", list[MeterOut])

    async def link(self, meter: str, sequence: int) -> ChainLinkOut:
        """The link of one number of your meter's chain."""
        return await self._get(f"/v1/meters/{part(meter)}/chain/{sequence}", ChainLinkOut)

    async def disputes(self, limit: int = 50, cursor: str | None = None) -> Page[DisputeOut]:
        """The disputes that concern you, a page at a time."""
        return await self._get("/v1/disputes", Page[DisputeOut], limit=limit, cursor=cursor)

    async def dispute(self, dispute: int) -> DisputeDetail:
        """One dispute, with its records and the chain around them."""
        return await self._get(f"/v1/disputes/{dispute}", DisputeDetail)

    async def withdraw_dispute(self, dispute: int, note: str | None = None, key: str = "") -> DisputeDetail:
        """Take your disputed records back, as the seller."""
        path = f"/v1/disputes/{dispute}/withdraw"
        return await self._change("POST", path, DisputeDetail, key, {"note": note})

    async def decide_dispute(self, dispute: int, decision: Json, key: str = "") -> DisputeDetail:
        """End a dispute: as the buyer, who agrees to pay, or as the clerk."""
        return await self._change("POST", f"/v1/disputes/{dispute}/decide", DisputeDetail, key, decision)

    async def receipt(self, key: str) -> ReceiptOut:
        """The receipt of the batch of usage that was sent with this key."""
        return await self._get(f"/v1/usage/batches/{part(key)}", ReceiptOut)

    async def _about(
        self, agreement: str, version: int, verb: str, key: str, body: Json | None = None
    ) -> AgreementOut:
        path = f"/v1/agreements/{part(agreement)}/{version}/{verb}"
        return await self._change("POST", path, AgreementOut, key, body)

    async def _get(self, path: str, kind: type[T], **asked: str | int | None) -> T:
        given = {name: value for name, value in asked.items() if value is not None}
        return read(await self._http.get(path, params=given), kind)

    async def _change(self, method: str, path: str, kind: type[T], key: str, body: Json | None = None) -> T:
        """Ask for a change under a key: the caller's, or a new one."""
        headers = {"Idempotency-Key": key or new_command_id()}
        return read(await self._http.request(method, path, headers=headers, json=body), kind)
