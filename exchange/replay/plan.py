"""Plans a market from a trace, real offers and assumptions: the same three always make the same plan."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from exchange.catalogue.catalogue import Catalogue, load_catalogue
from exchange.replay.assumptions import BASIS_POINTS, HOUR_S, SLOT_S, AssumptionError, Assumptions, PairTerms
from exchange.replay.demand import demand_by_chip, scaled_jobs
from exchange.replay.fitting import fit_of
from exchange.replay.offers import Offers, mapping_of
from exchange.replay.orders import asking, buyers_of, deposit_of, orders_of
from exchange.replay.planned import (
    ChipRow,
    MarketPlan,
    PlannedAgreement,
    PlannedBuyer,
    PlannedOrder,
    PlannedTokenContract,
)
from exchange.replay.pricing import ChipPrices, prices_of
from exchange.replay.supply import cards_by_chip, offered, sellers_of
from exchange.replay.tables import TraceError
from exchange.replay.terms import replay_terms
from exchange.replay.tokens import contracts_of
from exchange.replay.trace import DAY_S, JobTrace
from exchange.state import VenueTerms
from matching.terms import RegionCode, Tier
from settlement.agreements import Shares
from settlement.money import BasisPoints


def plan_market(trace: JobTrace, offers: Offers, assumptions: Assumptions, scale: int | None) -> MarketPlan:
    """The market that a trace would make of `scale` orders, or its own number where that is None.

    Raises TraceError for a chip that nothing prices, AssumptionError for assumptions that don't go together.
    """
    catalogue = load_catalogue()
    _check(trace, assumptions, catalogue)
    start, end = assumptions.start_s, assumptions.start_s + trace.span_s
    closes = end + assumptions.tail_hours * HOUR_S
    jobs = scaled_jobs(trace, assumptions, scale)
    demand = demand_by_chip(jobs, trace.nodes)
    cards = cards_by_chip(demand, trace.span_s, assumptions.supply_milli)
    prices = _prices(trace, offers, assumptions, catalogue)
    sellers = sellers_of(assumptions, catalogue)
    supply = offered(trace.nodes, cards, prices, sellers, (start, closes), catalogue, assumptions)
    buyers = buyers_of(assumptions, catalogue)
    orders = orders_of(jobs, buyers, asking(jobs, prices, tuple(cards), closes, catalogue, assumptions))
    contracts = contracts_of(buyers, sellers, assumptions)
    return MarketPlan(
        assumptions=assumptions,
        start_s=start,
        end_s=end,
        closes_s=closes,
        sellers=sellers,
        buyers=_funded(buyers, orders, contracts, replay_terms(catalogue, assumptions)),
        listings=supply.listings,
        orders=orders,
        agreements=tuple(_agreement(pair, assumptions) for pair in assumptions.pairs),
        contracts=contracts,
        chips=tuple(
            _chip_row(name, prices[name], round(demand.get(name, 0)), cards.get(name, 0)) for name in prices
        ),
        fit=fit_of(orders, supply.listings),
        fit_of_several=fit_of((order for order in orders if order.cards > 1), supply.listings),
        spot_capped=supply.spot_capped,
    )


def _check(trace: JobTrace, assumptions: Assumptions, catalogue: Catalogue) -> None:
    pairs = [region for pair in assumptions.pairs for region in (pair.source, pair.destination)]
    for region in (*assumptions.seller_regions, *assumptions.buyer_regions, *pairs):
        if region not in catalogue.regions:
            raise AssumptionError(f"The catalogue has no region {region!r}.")
    if assumptions.token_day * DAY_S >= trace.span_s:
        days = trace.span_s // DAY_S
        raise AssumptionError(
            f"token-day should be below {days}, the days of the span, not {assumptions.token_day}."
        )
    assert trace.span_s % SLOT_S == 0, "a span is whole slots"


def _prices(
    trace: JobTrace, offers: Offers, assumptions: Assumptions, catalogue: Catalogue
) -> Mapping[str, ChipPrices]:
    """The prices of every chip that a node has or a job names, by the trace's names in their order."""
    names = {node.chip for node in trace.nodes}.union(*(job.chips for job in trace.jobs))
    for name in sorted(names):
        if mapping_of(name).chip not in catalogue.chips:
            raise TraceError(
                f"The trace names a chip {name!r}, which neither the table of trace chips nor the catalogue knows."
            )
    return {name: prices_of(mapping_of(name), offers, assumptions) for name in sorted(names)}


def _funded(
    buyers: Sequence[PlannedBuyer],
    orders: Sequence[PlannedOrder],
    contracts: Sequence[PlannedTokenContract],
    terms: VenueTerms,
) -> tuple[PlannedBuyer, ...]:
    placed: dict[str, list[PlannedOrder]] = {buyer.code: [] for buyer in buyers}
    for order in orders:
        placed[order.buyer].append(order)
    budgets = {
        code: sum(contract.budget_fen for contract in contracts if contract.buyer == code) for code in placed
    }
    return tuple(
        replace(buyer, deposit_fen=deposit_of(placed[buyer.code], budgets[buyer.code], terms))
        for buyer in buyers
    )


def _agreement(pair: PairTerms, assumptions: Assumptions) -> PlannedAgreement:
    revenue, tax, gdp, carbon = (
        (BasisPoints(kept), BasisPoints(BASIS_POINTS - kept))
        for kept in (pair.revenue_bp, pair.tax_bp, pair.gdp_bp, pair.carbon_bp)
    )
    return PlannedAgreement(
        source=RegionCode(pair.source),
        destination=RegionCode(pair.destination),
        shares=Shares(revenue, tax, gdp, carbon),
        value_added_bp=BasisPoints(assumptions.value_added_milli * 10),
    )


def _chip_row(name: str, prices: ChipPrices, demand_slots: int, cards: int) -> ChipRow:
    return ChipRow(
        mapping=mapping_of(name),
        on_demand_offers=len(prices.on_demand),
        spot_offers=len(prices.spot),
        on_demand=prices.reference(Tier.ON_DEMAND),
        spot=prices.reference(Tier.SPOT),
        demand_slots=demand_slots,
        cards=cards,
    )
