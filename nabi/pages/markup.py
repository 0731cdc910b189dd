"""Escapes texts, formats counts, shares and times, and makes small pieces of HTML."""

import html
from collections.abc import Sequence


def plain(value: object) -> str:
    r"""Escapes unprintable characters, such as those that control a terminal or turn the direction of writing.

    >>> plain("tune\x1b[2J.mid")
    'tune\\x1b[2J.mid'
    """
    signs = (sign if sign.isprintable() else sign.encode("unicode_escape").decode() for sign in str(value))
    return "".join(signs)


def text(value: object, most: int = 500) -> str:
    """Escapes a value for HTML, in an element or in a quoted attribute, cut after `most` characters.

    >>> text("Tom & Jerry"), text("abcdef", most=4)
    ('Tom &amp; Jerry', 'abc…')
    """
    shown = plain(value)
    return html.escape(shown if len(shown) <= most else f"{shown[: most - 1]}…")


def figure(title: str, content: str, shown: bool = True) -> str:
    """Makes a titled figure of title and content in HTML; "" if it is not shown."""
    return f"<figure><figcaption>{title}</figcaption>{content}</figure>" if shown else ""


def table(caption: str, heads: Sequence[str], rows: Sequence[Sequence[str]], kind: str = "") -> str:
    """Makes a table of cells that are HTML already; a row's first cell is its head.

    Args:
      caption: description as text for screen readers; others see the heading above the table.
      heads: heads of the columns; "" for none.
      rows: rows of as many cells.
      kind: layout on narrow screens: `scrolling` for many columns of figures, `sentences` for the cells of a row below
        each other, `names` for a first column that is not wrapped.
    """
    head = "".join(f"<th scope=col>{cell}</th>" if cell else "<td></td>" for cell in heads)
    body = "".join(
        f"<tr><th scope=row>{row[0]}</th>{''.join(f'<td>{cell}</td>' for cell in row[1:])}</tr>" for row in rows
    )
    drawn = (
        f'<table><caption><span class="unseen">{text(caption)}</span></caption>'
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
    )
    # A scrolling region must be reachable with the keyboard.
    focus = f' tabindex="0" role="region" aria-label="{text(caption)}"' if kind == "scrolling" else ""
    return f'<div class="{kind}"{focus}>{drawn}</div>' if kind else drawn


def nothing(sentence: str) -> str:
    """Makes a paragraph that stands where there is nothing to show."""
    return f'<p class="nothing">{sentence}</p>'


def count(number: int, singular: str) -> str:
    """Formats a number of things.

    >>> count(1, "song"), count(2000, "song")
    ('1 song', '2,000 songs')
    """
    return f"{number:,} {singular}{'' if number == 1 else 's'}"


def percent(part: float, whole: float) -> str:
    """Formats a share of a whole.

    >>> percent(1, 3), percent(3, 3), percent(1, 10_000)
    ('33.3 %', '100 %', '< 0.1 %')
    """
    share = 100 * part / whole if whole else 0
    return f"{share:.0f} %" if share in (0, 100) else f"{share:.1f} %" if share >= 0.05 else "< 0.1 %"


def seconds(value: float) -> str:
    """Formats a time.

    >>> seconds(12.34), seconds(0.0123), seconds(0.00123)
    ('12.3 s', '12 ms', '1.2 ms')
    """
    if value >= 1:
        return f"{value:,.1f} s"
    return f"{1000 * value:.0f} ms" if value >= 0.01 else f"{1000 * value:.2g} ms"
