"""Every page of the listing console."""

from exchange.state import Role
from web.console.disputes import seller_dispute_page, seller_disputes_page, withdraw_records
from web.console.listings import (
    amend_listing,
    console_page,
    listing_page,
    new_listing_page,
    publish_listing,
    withdraw_listing,
)
from web.console.payouts import name_my_account, payouts_page
from web.console.power import declare_certificates, declare_pue, power_page
from web.console.reclaim import reclaim_listing, reclaim_page
from web.console.sold import sold_lease_page, sold_page
from web.console.statements import move_sold_note, refund_sold_line, statement_page, statements_page
from web.pages.routing import pages

HANDLERS = [
    pages(
        console_page,
        new_listing_page,
        publish_listing,
        listing_page,
        amend_listing,
        withdraw_listing,
        power_page,
        declare_pue,
        declare_certificates,
        reclaim_page,
        reclaim_listing,
        sold_page,
        sold_lease_page,
        statements_page,
        statement_page,
        refund_sold_line,
        move_sold_note,
        payouts_page,
        name_my_account,
        seller_disputes_page,
        seller_dispute_page,
        withdraw_records,
        roles=[Role.SELLER],
    ),
]
