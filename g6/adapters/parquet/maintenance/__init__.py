"""Work on stored files: counting, checking, folding and rewriting them."""
