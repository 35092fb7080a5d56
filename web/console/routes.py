"""Every page of the listing console."""

from exchange.state import Role
from web.console.disputes import withdraw_records
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
from web.console.statements import statements_page
from web.pages import disputes
from web.pages.disputes import dispute_pages
from web.pages.routing import pages
from web.refunding import SELLER, statement_pages

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
        *statement_pages(SELLER),
        payouts_page,
        name_my_account,
        *dispute_pages(disputes.SELLER),
        withdraw_records,
        roles=[Role.SELLER],
    ),
]
