"""Studies of the stored days as such: which there are, how whole and how large they are."""
