"""Reads a page as strictly as a careful reader would: whole elements, one heading, every field and table named."""

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = {"meta", "link", "input", "br", "hr", "img", "rect", "path", "line", "circle"}
CLOSED_BY_SLASH = {"rect", "path", "line"}
FIELDS = {"input", "select", "textarea"}
LEFTOVERS = re.compile(r"\bNone\b|\bundefined\b|\bNaN\b|\{\{|\}\}|<[a-z]+\.[A-Z]|Decimal\(|&lt;function")


@dataclass
class Element:
    """A tag with its attributes."""

    tag: str
    attributes: dict[str, str]


@dataclass
class Reading(HTMLParser):
    """What stands on a page, and what is wrong with how it is made."""

    faults: list[str] = field(default_factory=list)
    elements: list[Element] = field(default_factory=list)
    words: list[str] = field(default_factory=list)
    _open: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        self.elements.append(Element(tag, attributes))
        if "style" in attributes or any(name.startswith("on") for name in attributes):
            self.faults.append(f"<{tag}> has a style or a script of its own")
        if tag == "style" or (tag == "script" and "src" not in attributes):
            self.faults.append(f"<{tag}> within the page")
        if tag in FIELDS and "label" in self._open:
            attributes.setdefault("inside-label", "yes")
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append(Element(tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        if not self._open or self._open.pop() != tag:
            self.faults.append(f"</{tag}> closes nothing that is open")

    def handle_data(self, data: str) -> None:
        if data.strip():
            self.words.append(" ".join(data.split()))

    @property
    def text(self) -> str:
        return " ".join(self.words)

    def all(self, tag: str) -> list[Element]:
        return [element for element in self.elements if element.tag == tag]

    def values(self) -> dict[str, list[str]]:
        """What the fields of the page hold, by name, hidden ones included; of boxes those that are ticked."""
        held: dict[str, list[str]] = {}
        for one in self.all("input"):
            ticked = one.attributes.get("type") not in {"checkbox", "radio"} or "checked" in one.attributes
            if "name" in one.attributes and ticked:
                held.setdefault(one.attributes["name"], []).append(one.attributes.get("value", ""))
        return held

    def links(self) -> set[str]:
        return {one.attributes["href"] for one in self.all("a") if "href" in one.attributes}


def read(html: str, *, whole: bool = True, policy: str = "") -> Reading:
    """The page, which must be in order: nothing in it is from elsewhere, but for scripts that its own policy names."""
    reading = Reading()
    reading.feed(html)
    reading.close()
    faults = [*reading.faults, *_faults(reading, html, whole=whole, policy=policy)]
    assert not faults, "\n".join(faults)
    return reading


def _faults(reading: Reading, html: str, *, whole: bool, policy: str) -> list[str]:
    faults = [f"<{tag}> is never closed" for tag in reading._open]
    ids = [element.attributes["id"] for element in reading.elements if "id" in element.attributes]
    faults += [f"id {one} stands twice" for one in set(ids) if ids.count(one) > 1]
    labelled = {label.attributes.get("for") for label in reading.all("label")}
    for element in reading.elements:
        faults += _faults_of(element, labelled, set(ids), policy)
    if html.count("<table") != html.count("<caption"):
        faults.append("a table without a caption")
    if left := LEFTOVERS.search(reading.text):
        faults.append(f"{left[0]!r} is left over in the text")
    if whole:
        faults += [] if len(reading.all("h1")) == 1 else ["not one <h1>"]
        faults += [] if html.startswith("<!doctype html>\n<html lang=") else ["no doctype or language"]
        faults += [] if reading.all("main") else ["no <main>"]
    return faults


def _faults_of(element: Element, labelled: set[str | None], ids: set[str], policy: str) -> list[str]:
    faults, tag, has = [], element.tag, element.attributes
    if tag in FIELDS and has.get("type") != "hidden":
        named = has.get("id") in labelled or "aria-label" in has or "inside-label" in has
        faults += [] if named else [f"<{tag} name={has.get('name')}> has no label"]
    if tag == "th" and "scope" not in has:
        faults.append("<th> without a scope")
    for reference in ("aria-describedby", "aria-labelledby"):
        faults += [f"{reference} names no {one}" for one in has.get(reference, "").split() if one not in ids]
    if tag in {"a", "form", "link", "script"}:
        address = has.get("href") or has.get("action") or has.get("src") or ""
        is_named = tag == "script" and "/".join(address.split("/")[:3]) in policy.split()
        faults += [f"<{tag}> leads to {address}"] if "//" in address and not is_named else []
    return faults
