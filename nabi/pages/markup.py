"""Texts made safe to show, shares and counts in words, and small pieces of HTML."""

import html
from collections.abc import Sequence


def plain(value: object) -> str:
    """A text without what steers a terminal or turns the direction of writing: such signs as Python escapes them."""
    signs = (sign if sign.isprintable() else sign.encode("unicode_escape").decode() for sign in str(value))
    return "".join(signs)


def text(value: object, most: int = 500) -> str:
    """A value as HTML text, in an element or in a quoted attribute, cut after so many signs."""
    shown = plain(value)
    return html.escape(shown if len(shown) <= most else f"{shown[: most - 1]}…")


def figure(title: str, content: str, shown: bool = True) -> str:
    """A titled part of a section, of HTML already; nothing if it is not shown."""
    return f"<figure><figcaption>{title}</figcaption>{content}</figure>" if shown else ""


def table(caption: str, heads: Sequence[str], rows: Sequence[Sequence[str]], kind: str = "") -> str:
    """Makes a table of cells that are HTML already; a row's first cell is its head.

    Args:
      caption: what it shows, as text, for those who hear the page: a heading stands above it for the others.
      heads: of the columns; "" for one that needs none.
      rows: of as many cells.
      kind: what a narrow screen does with it: `scrolling`, which is for many columns of figures, `sentences`, which
        puts the cells of a row below each other, or `names`, whose first column stays on one line.
    """
    head = "".join(f"<th scope=col>{cell}</th>" if cell else "<td></td>" for cell in heads)
    body = "".join(
        f"<tr><th scope=row>{row[0]}</th>{''.join(f'<td>{cell}</td>' for cell in row[1:])}</tr>" for row in rows
    )
    drawn = (
        f'<table><caption><span class="unseen">{text(caption)}</span></caption>'
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
    )
    # What scrolls has to be reached by keys.
    reached = f' tabindex="0" role="region" aria-label="{text(caption)}"' if kind == "scrolling" else ""
    return f'<div class="{kind}"{reached}>{drawn}</div>' if kind else drawn


def nothing(said: str) -> str:
    """A sentence where there is nothing to show."""
    return f'<p class="nothing">{said}</p>'


def count(number: int, one: str) -> str:
    """Such as `1 song`, `2 songs`."""
    return f"{number:,} {one}{'' if number == 1 else 's'}"


def percent(part: float, whole: float) -> str:
    """A share of a whole, with a digit where it tells something."""
    share = 100 * part / whole if whole else 0
    return f"{share:.0f} %" if share in (0, 100) else f"{share:.1f} %" if share >= 0.05 else "< 0.1 %"


def seconds(value: float) -> str:
    """A time, to two digits or so."""
    if value >= 1:
        return f"{value:,.1f} s"
    return f"{1000 * value:.0f} ms" if value >= 0.01 else f"{1000 * value:.2g} ms"
