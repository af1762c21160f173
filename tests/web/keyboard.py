"""Somebody who has no mouse: Tab, Enter, the space bar and arrows, and who must see at every stop where they are."""

from __future__ import annotations

from datetime import date
from typing import Any

MOST_STOPS = 400

_HERE = """([wanted, text]) => {
  const one = document.activeElement;
  if (one === document.body) return null;
  const style = getComputedStyle(one), box = one.getBoundingClientRect();
  const around = getComputedStyle(one.labels?.[0] || one, "::after");
  const shows = [style, around].some((s) => s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) > 0) || style.boxShadow !== 'none';
  return {
    isWanted: one.matches(wanted) && (one.innerText || one.value || "").includes(text), shows,
    isSeen: box.bottom > 0 && box.top < innerHeight, name: one.outerHTML.slice(0, 120),
  };
}"""


class Keyboard:
    """A page, used by its keys alone."""

    def __init__(self, page: Any) -> None:
        self.page = page
        page.emulate_media(
            reduced_motion="reduce"
        )  # or the page would still be on its way to what has the focus

    def to(self, wanted: str, text: str = "") -> None:
        """Tab to the next control that is so (a CSS selector) and says that; every stop on the way shows itself."""
        for _ in range(MOST_STOPS):
            self.page.keyboard.press("Tab")
            here = self.page.evaluate(_HERE, [wanted, text])
            if here is None:  # out of the page; the next one is its first
                continue
            assert here["shows"], f"nobody sees that the focus is at {here['name']}"
            assert here["isSeen"], f"the focus is out of sight at {here['name']}"
            if here["isWanted"]:
                return
        raise AssertionError(f"no key leads to {wanted} {text!r} on {self.page.url}")

    def press(self, key: str, wanted: str, text: str = "") -> None:
        """Tab there and press the key."""
        self.to(wanted, text)
        self.page.keyboard.press(key)

    def follow(self, wanted: str, text: str = "") -> None:
        """Tab there, press Enter, and be on the next page."""
        self.to(wanted, text)
        with self.page.expect_navigation():
            self.page.keyboard.press("Enter")

    def write(self, wanted: str, text: str) -> None:
        """Tab to a field and write into it."""
        self.to(wanted)
        self.page.keyboard.type(text)

    def write_day(self, wanted: str, day: date) -> None:
        """Tab to a field for a date and write its digits, in the order of the machine's Chromium, which speaks English."""
        self.to(wanted)
        self.page.keyboard.type(f"{day:%m%d%Y}")
        assert self.page.input_value(wanted) == day.isoformat()

    def has_focus(self, wanted: str) -> bool:
        """Whether the focus is there."""
        found: bool = self.page.evaluate("wanted => document.activeElement.matches(wanted)", wanted)
        return found

    def hears(self, words: str) -> None:
        """Wait until a live region that was there before says so."""
        self.page.wait_for_selector(f"#said[role=status]:has-text('{words}')", state="attached")
