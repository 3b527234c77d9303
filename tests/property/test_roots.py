"""Whatever a dump lists side by side, an index gets its own contracts and nobody else's."""

from datetime import date

from hypothesis import given, settings
from hypothesis import strategies as st

from g6.adapters.kite.dump_parsing import parse_dump
from g6.domain.market.contract_symbols import trusted
from g6.domain.market.dump_layout import DUMP_COLUMNS
from g6.domain.market.instrument import INDICES, listing

ON = date(2026, 11, 20)
EXPIRIES = {
    "26NOV": "2026-11-23",
    "26D01": "2026-12-01",
    "26DEC": "2026-12-29",
    "27JAN": "2027-01-25",
}
ROOTS = {
    "NFO": (
        "NIFTY",
        "NIFTYNXT50",
        "NIFTYFPI",
        "BANKNIFTY",
        "FINNIFTY",
        "MIDCPNIFTY",
        "NIFTYBEES",
        "BANKEXNSE",
        "BANKINDIA",
    ),
    "BFO": ("SENSEX", "SENSEX50", "BANKEX", "FOCIT", "SENSEXBEES"),
}


@st.composite
def rows(draw: st.DrawFn, exchange: str) -> list[tuple[str, str]]:
    """Roots and lines of a dump, in any order, each contract once."""
    contracts = st.tuples(
        st.sampled_from(ROOTS[exchange]), st.sampled_from(sorted(EXPIRIES)), st.integers(1, 999).map(lambda n: 50 * n),
        st.sampled_from(("CE", "PE")), st.booleans(),
    )  # fmt: skip
    chosen = draw(st.lists(contracts, min_size=1, max_size=40, unique_by=lambda each: each[:4]))
    lines = []
    for n, (root, month, strike, kind, quoted) in enumerate(chosen, 1):
        name = f'"{root}"' if quoted else root
        symbol = f"{root}{month}{strike}{kind}"
        line = f"{n * 256 + 2},{n},{symbol},{name},0,{EXPIRIES[month]},{strike},0.05,65,{kind},{exchange}-OPT,{exchange}"
        lines.append((root, line))
    return lines


@settings(max_examples=80, deadline=None)
@given(
    st.sampled_from(sorted(ROOTS)).flatmap(
        lambda exchange: st.tuples(st.just(exchange), rows(exchange))
    )
)
def test_an_index_gets_its_own_contracts_and_no_other(
    dumped: tuple[str, list[tuple[str, str]]],
) -> None:
    exchange, lines = dumped
    mine = {name for name, index in INDICES.items() if index.derivatives == exchange}
    if not any(root in mine for root, _ in lines):
        return
    columns = parse_dump(
        "\n".join([",".join(DUMP_COLUMNS), *(line for _, line in lines)]).encode(), exchange, ON
    ).columns
    for name in mine:
        found = trusted(listing(name, columns, ON))
        symbols = set(found.listing.contracts.symbol.reshape(-1).tolist()) - {""}
        assert symbols == {line.split(",")[2] for root, line in lines if root == name}
        assert not found.left_out
