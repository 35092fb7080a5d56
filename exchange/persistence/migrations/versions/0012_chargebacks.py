"""Chargebacks: what the venue bears of them is a contra account, and what its gateway takes is another."""

from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

BEFORE = "'attribution', 'bank', 'emissions', 'subsidy_claim', 'voucher_budget'"
AFTER = (
    "'attribution', 'bank', 'emissions', 'gateway_cost', 'platform_loss', 'subsidy_claim', 'voucher_budget'"
)


def upgrade() -> None:
    _may_be_below_zero(AFTER)


def downgrade() -> None:
    _may_be_below_zero(BEFORE)


def _may_be_below_zero(kinds: str) -> None:
    name = op.f("ck_balances_not_below_zero")
    op.drop_constraint(name, "balances")
    op.create_check_constraint(name, "balances", f"amount >= 0 OR kind IN ({kinds})")
