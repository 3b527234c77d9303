"""The checks of data quality as a table, what they say of a stored day, and the study of both."""
