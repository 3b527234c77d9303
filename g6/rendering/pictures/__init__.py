"""Documents as pictures, and the numbers behind each picture."""
