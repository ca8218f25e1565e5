"""Every symbol and score of the app: what it is, its equation, and where to see it."""

import streamlit as st

from ui.glossary.terms import GROUPS
from ui.presentation import page_title

page_title(
    "Glossary", "What the symbols and scores of the other pages stand for. The same words are in their tooltips."
)
for group, terms in GROUPS.items():
    st.header(group)
    for term in terms:
        words, equation = st.columns(2, gap="medium", vertical_alignment="center")
        with words:
            st.markdown(f"**{term.symbol}**{f' · {term.name}' if term.name else ''}  \n{term.definition}")
            st.page_link(
                f"../pages/{term.page}.py", label=term.place, icon=":material/visibility:", query_params=term.query
            )
        equation.latex(term.equation)
