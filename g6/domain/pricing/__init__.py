"""From quotes to a priced chain: quality, prices, forwards, volatilities, Greeks."""
