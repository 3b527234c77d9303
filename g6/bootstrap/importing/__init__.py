"""Days and tables of others brought into the store, by the pipeline or as they are."""
