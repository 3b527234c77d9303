"""Questions about stored and newest data: typed parameters, an answer, a frozen document.

A study is a module with `answer(reader, parameters)` and one record of `table.STUDIES`. The
command, the Python call and the reference page follow from that record and from the parameters'
metadata.
"""
