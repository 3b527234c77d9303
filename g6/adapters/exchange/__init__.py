"""What the exchanges publish each day: end-of-day files, freeze quantities, participants."""
