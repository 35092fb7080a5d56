"""Where a buyer pays a top-up: by Stripe's own form, which is a frame of Stripe's, or in the demo by a plain one."""

from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Redirect, Template

from exchange.payments import Payments, Standing
from settlement.payments import moved
from web.failures import WITH_STRIPE
from web.pages.fields import Reader
from web.pages.routing import PageRequest, not_here, page, sent_form
from web.session import Caller
from web.settings import WebSettings

MADE_UP = {
    "alipay": "Alipay 支付宝",
    "wechat_pay": "WeChat Pay 微信支付",
    "pm_card_visa": "A card that has the money",
    "pm_card_visa_chargeDeclined": "A card that is declined",
}
"""Ways to pay in the demo."""


@get("/account/top-up/{asked_as:str}")
async def pay_page(
    request: PageRequest,
    caller: NamedDependency[Caller],
    payments: NamedDependency[Payments],
    settings: NamedDependency[WebSettings],
    asked_as: FromPath[str],
) -> Template:
    """How a top-up stands by the gateway, and while it waits for its buyer the form that pays it."""
    standing = await _standing(caller, payments, asked_as)
    return _paying(caller, standing, settings, asked_as, back="back" in request.query_params)


@post("/account/top-up/{asked_as:str}")
async def pay_made_up(
    request: PageRequest,
    caller: NamedDependency[Caller],
    payments: NamedDependency[Payments],
    settings: NamedDependency[WebSettings],
    asked_as: FromPath[str],
) -> Template | Redirect:
    """Pay by the demo's form."""
    asked = Reader(await sent_form(request))
    standing = await _standing(caller, payments, asked_as)
    if settings.made_up_form is None:
        raise not_here()
    way, reference = asked.one_of("way", MADE_UP), standing.movement.reference
    if standing.secret is None or reference is None:
        return Redirect(
            f"/account/top-up/{asked_as}", status_code=303
        )  # it waits for nobody: the page says why
    if way is None:
        return _paying(caller, standing, settings, asked_as, asked)
    if not settings.made_up_form(reference, way):
        return _paying(caller, standing, settings, asked_as, asked, declined=True)
    return Redirect(f"/account/top-up/{asked_as}?back=1", status_code=303)


async def _standing(caller: Caller, payments: Payments, asked_as: str) -> Standing:
    standing = await payments.standing(caller.party, asked_as)
    if standing is None:
        raise not_here()
    return standing


def _paying(
    caller: Caller,
    standing: Standing,
    settings: WebSettings,
    asked_as: str,
    asked: Reader | None = None,
    *,
    declined: bool = False,
    back: bool = False,
) -> Template:
    asked = asked or Reader({})
    key = settings.publishable_key if standing.secret else None
    shown = page(
        "account/pay.html",
        caller,
        status=422 if asked.mistakes or declined else 200,
        movement=standing.movement,
        amount=moved(standing.movement.instruction),
        secret=standing.secret,
        key=key,
        by_form=settings.takes_payments,
        ways=[(way, words, "") for way, words in MADE_UP.items()] if settings.made_up_form else [],
        asked_as=asked_as,
        asked=asked,
        declined=declined,
        back=back,
    )
    if key is not None:
        shown.headers["Content-Security-Policy"] = WITH_STRIPE
    return shown
