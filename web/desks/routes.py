"""Every page of the desks."""

from exchange.state import Role
from web.desks.agreement_form import agreement_form, propose_version
from web.desks.agreements import (
    agreements_page,
    decline_version,
    sign_version,
    version_page,
    withdraw_version,
)
from web.desks.clerk import clerk_page
from web.desks.contracts import add_package, agree_prices, contract_page
from web.desks.disputes import bill_dispute, reject_dispute
from web.desks.ledger import accounts_page, entries_page, ledger_page, owner_page
from web.desks.market import adopt_market_terms, market_page, set_link
from web.desks.parties import (
    book_deposit,
    issue_key,
    parties_page,
    party_page,
    register_party,
    revoke_key,
)
from web.desks.payouts import (
    clerk_payouts_page,
    lift_payouts,
    next_payment_file,
    pay_sellers,
    payment_file,
    reconcile_now,
    set_terms_of_payouts,
)
from web.desks.periods import close_period, period_page, periods_page
from web.desks.power import adopt_tables, power_tables_page
from web.desks.promises import adopt_promises, promises_page
from web.desks.quarter_words import confirm_figures, dispute_figures, recognise_figure
from web.desks.quarters import quarter_file, quarter_page
from web.desks.region import region_page, region_statement_page, shared_period_page
from web.desks.statements import period_statements_page
from web.desks.subsidies import (
    book_region_payment,
    programme_subsidies_page,
    repay_region,
    subsidies_page,
)
from web.desks.vouchers import (
    adopt_programme,
    issue_voucher,
    programme_page,
    programmes_page,
    report_file,
)
from web.desks.what_if import what_if_page
from web.evidence_csv import evidence_file
from web.pages import disputes
from web.pages.disputes import dispute_pages
from web.pages.routing import pages
from web.refunding import CLERK, statement_pages

HANDLERS = [
    pages(
        region_page,
        what_if_page,
        region_statement_page,
        programmes_page,
        adopt_programme,
        programme_page,
        issue_voucher,
        report_file,
        evidence_file("/region/evidence"),
        roles=[Role.REGION],
    ),
    pages(
        agreements_page,
        agreement_form,
        propose_version,
        version_page,
        sign_version,
        decline_version,
        withdraw_version,
        shared_period_page,
        quarter_page,
        quarter_file,
        confirm_figures,
        dispute_figures,
        recognise_figure,
        roles=[Role.REGION, Role.CLERK],
    ),
    pages(
        clerk_page,
        ledger_page,
        accounts_page,
        owner_page,
        entries_page,
        contract_page,
        agree_prices,
        add_package,
        power_tables_page,
        adopt_tables,
        market_page,
        adopt_market_terms,
        set_link,
        promises_page,
        adopt_promises,
        parties_page,
        register_party,
        party_page,
        book_deposit,
        issue_key,
        revoke_key,
        periods_page,
        period_page,
        close_period,
        period_statements_page,
        *statement_pages(CLERK),
        clerk_payouts_page,
        pay_sellers,
        lift_payouts,
        set_terms_of_payouts,
        reconcile_now,
        next_payment_file,
        payment_file,
        subsidies_page,
        programme_subsidies_page,
        book_region_payment,
        repay_region,
        *dispute_pages(disputes.CLERK),
        bill_dispute,
        reject_dispute,
        roles=[Role.CLERK],
    ),
]
