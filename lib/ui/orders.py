"""Buttons that say exactly what they do: the order is bound when the button is drawn, and carried out in the run that
follows, by whoever is signed in then. So nobody acts on a row they have not seen, nor with rights they lost meanwhile.
"""

from typing import Any, Final

import streamlit as st

from lib.ui.components import cards

_ORDER: Final = "order"
_SAID: Final = "order-said"

Order = tuple[Any, ...]


def button(label: str, order: Order, *, key: str, **options: Any) -> None:
    """A button for an order: its name and plain values such as an id and the version that was shown."""
    st.button(label, key=key, on_click=_give, args=(order,), **options)


def taken(*names: str) -> Order | None:
    """The order that was given since the last run, if it is one of these; it is given only once."""
    order: Order | None = st.session_state.get(_ORDER)
    if order is None or order[0] not in names:
        return None
    del st.session_state[_ORDER]
    return order


def say(sentence: str, *, well: bool = True) -> None:
    """Keep a sentence for `heard`, also over a rerun."""
    st.session_state[_SAID] = (sentence, well)


def heard() -> None:
    """Draw what was said since the last run."""
    said: tuple[str, bool] | None = st.session_state.pop(_SAID, None)
    if said is not None:
        (st.success if said[1] else st.warning)(
            cards.plain(said[0]), icon=":material/check_circle:" if said[1] else ":material/info:"
        )


def _give(order: Order) -> None:
    st.session_state[_ORDER] = order
