"""Amounts in the words that invoices and cheques carry (大写金额): 1,409.50 yuan is 壹仟肆佰零玖圆伍角整."""

DIGITS = "零壹贰叁肆伍陆柒捌玖"
PLACES = ("", "拾", "佰", "仟")
GROUPS = ("", "万", "亿", "万亿")


def chinese_amount(fen: int) -> str:
    """An amount below 10^16 yuan by the rules for settlement vouchers (支付结算办法, annex 1): zeros between are read once.

    Whole yuan and whole jiao end in 整; a negative amount begins with 负.
    """
    yuan, rest = divmod(abs(fen), 100)
    assert yuan < 10**16, "there are no words for so much"
    jiao, odd = divmod(rest, 10)
    words = f"{_whole(yuan)}圆" if yuan else ""
    if jiao:
        words += f"{DIGITS[jiao]}角"
    elif odd and yuan:
        words += "零"
    words += f"{DIGITS[odd]}分" if odd else "整"
    return ("负" if fen < 0 else "") + (words if fen else "零圆整")


def _whole(yuan: int) -> str:
    """A whole number, in groups of four digits. A zero stands wherever a group does not begin with thousands."""
    words = ""
    for n in reversed(range(len(GROUPS))):
        group = yuan // 10_000**n % 10_000
        if not group:
            continue
        # 零 also stands for whole groups that are left out.
        is_short = group < 1000 or yuan // 10_000 ** (n + 1) % 10_000 == 0
        words += ("零" if words and is_short else "") + _group(group) + GROUPS[n]
    return words


def _group(group: int) -> str:
    words, gap = "", False
    for place in reversed(range(len(PLACES))):
        digit = group // 10**place % 10
        if digit:
            words += ("零" if words and gap else "") + DIGITS[digit] + PLACES[place]
        gap = not digit
    return words
