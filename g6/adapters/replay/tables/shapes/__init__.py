"""The shapes in which tables are met, and how each becomes one row per option and instant.

A shape is known by the names of a file's columns and by the file's own name (`table_shapes`). What
it makes has columns that a layout names as it names those of any table.
"""
