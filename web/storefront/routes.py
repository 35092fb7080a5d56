"""Every page of the storefront, and the door in."""

from exchange.state import Role
from web.evidence_csv import evidence_file
from web.pages import disputes
from web.pages.disputes import dispute_pages
from web.pages.docs import index_method_page, problems_page
from web.pages.door import sign_in, sign_in_page, sign_out
from web.pages.routing import pages
from web.refunding import BUYER, statement_pages
from web.storefront.account import account_page, entry_page
from web.storefront.depth import depth_page, depth_part
from web.storefront.disputes import agree_to_pay
from web.storefront.index import index_course_page, index_page
from web.storefront.instruments import instrument_depth_part, instrument_page, instrument_tape
from web.storefront.leases import lease_page, leases_page
from web.storefront.market import market_page, market_rows
from web.storefront.ordering import back_to_order, order_page, order_quote, place_order, review_page
from web.storefront.orders import amend_limit, cancel_order, order_detail, orders_page, orders_rows
from web.storefront.paying import pay_made_up, pay_page
from web.storefront.statements import my_statements_page
from web.storefront.top_up import ask_top_up, top_up_page
from web.storefront.vouchers import claim_voucher, voucher_page, wallet_page
from web.storefront.withdraw import ask_to_withdraw, withdraw_page

HANDLERS = [
    pages(
        sign_in_page,
        sign_in,
        sign_out,
        problems_page,
        index_method_page,
        market_page,
        market_rows,
        instrument_page,
        instrument_depth_part,
        instrument_tape,
        depth_page,
        depth_part,
        index_page,
        index_course_page,
        order_page,
        order_quote,
    ),
    pages(
        back_to_order,
        review_page,
        place_order,
        orders_page,
        orders_rows,
        order_detail,
        cancel_order,
        amend_limit,
        leases_page,
        lease_page,
        my_statements_page,
        *statement_pages(BUYER),
        top_up_page,
        ask_top_up,
        pay_page,
        pay_made_up,
        withdraw_page,
        ask_to_withdraw,
        wallet_page,
        voucher_page,
        claim_voucher,
        evidence_file("/account/evidence"),
        *dispute_pages(disputes.BUYER),
        agree_to_pay,
        roles=[Role.BUYER],
    ),
    pages(account_page, entry_page, roles=[Role.BUYER, Role.SELLER]),
]
