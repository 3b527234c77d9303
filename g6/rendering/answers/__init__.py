"""What a study answered as a page, a text or a file, in the words of who asked."""
